"""A run without training: a dataset, fitted features, and models with fixed random weights."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from support.datasets import make_dataset

from configs.run import RunConfig
from exports.bundle import BundleParts, write_bundle
from tfrs_models.backend import tf
from tfrs_models.data.dataset import VALIDATION, PreparedDataset
from tfrs_models.features.encoder import FeatureEncoder
from tfrs_models.features.fit import fit_features
from tfrs_models.features.spec import FeatureSpec

DIM = 8
ITEMS = 40

FEATURES: Mapping[str, Any] = {
    "user": {
        "user_id": {"type": "categorical"},
        "age": {"type": "numeric"},
        "city": {"type": "categorical"},
    },
    "item": {
        "item_id": {"type": "categorical"},
        "genres": {"type": "multi_valued"},
        "price": {"type": "numeric"},
        "released": {"type": "timestamp", "part": "age"},
        "image": {"type": "vector", "width": 3},
    },
    "context": {"hour": {"type": "timestamp", "part": "hour", "column": "timestamp"}},
    "history": {"max_length": 5},
    "crosses": {"city_item": {"of": ["city", "item_id"], "buckets": 50}},
}


class Tower(tf.Module):
    """Both towers: the sum of an embedding for each id feature and a projection of dense ones."""

    def __init__(self, spec: FeatureSpec, seed: int) -> None:
        super().__init__()
        random = np.random.default_rng(seed)
        self.weights = {f.name: _weight(random, f.output) for f in spec.features}
        self.weights["history"] = self.weights["item_id"]

    def embed_query(self, encoded: Mapping[str, Any]) -> Any:
        return self._embed(encoded, ("user_id", "age", "city", "hour", "history"))

    def embed_candidate(self, encoded: Mapping[str, Any]) -> Any:
        return self._embed(encoded, ("item_id", "genres", "price", "released", "image"))

    def _embed(self, encoded: Mapping[str, Any], names: tuple[str, ...]) -> Any:
        parts = [_project(encoded[name], self.weights[name]) for name in names]
        return tf.math.l2_normalize(tf.add_n(parts), axis=1)


class Ranker(tf.Module):
    """A weight for every feature, the cross, the statistics and the retrieval score."""

    def __init__(self, encoder: FeatureEncoder, seed: int) -> None:
        super().__init__()
        random = np.random.default_rng(seed)
        self.encoder = encoder
        self.tower = Tower(encoder.spec, seed)
        self.cross = tf.Variable(random.standard_normal((52, 1)).astype(np.float32))

    def predict(self, query: Any, items: Any, statistics: Any, retrieved: Any) -> Any:
        number = tf.shape(retrieved.score)[1]
        pairs = {name: tf.repeat(tensor, number, axis=0) for name, tensor in query.items()}
        pairs |= {name: tf.reshape(one, [-1, one.shape[-1]]) for name, one in items.items()}
        match = self.tower.embed_query(pairs) * self.tower.embed_candidate(pairs)
        crosses = self.encoder.encode_crosses(pairs)["city_item"][:, 0]
        logits = tf.reduce_sum(match, 1) + tf.gather(self.cross, crosses)[:, 0]
        logits += tf.reshape(tf.reduce_mean(statistics, -1) / 100 + retrieved.score, [-1])
        return {"positive": tf.sigmoid(logits), "score": 2 * tf.sigmoid(logits)}


def _weight(random: np.random.Generator, output: Any) -> Any:
    rows = output.num_ids if output.kind == "ids" else output.width
    return tf.Variable(random.standard_normal((rows, DIM)).astype(np.float32))


def _project(tensor: Any, weight: Any) -> Any:
    if tensor.dtype == tf.int32:
        return tf.reduce_sum(tf.gather(weight, tensor), axis=1)
    return tf.matmul(tensor, weight)


def make_run_dataset(folder: Path, items: int = ITEMS) -> PreparedDataset:
    """20 users with 6 events each over items `i0`, `i1`, ...; the last event is validation."""
    random = np.random.default_rng(0)
    user = np.repeat([f"u{number}" for number in range(20)], 6)
    item = np.concatenate([random.choice(30, 6, replace=False) for _ in range(20)])
    split = np.tile([0, 0, 0, 0, 0, VALIDATION], 20)
    dataset = make_dataset(
        folder,
        user,
        [f"i{number}" for number in item],
        time=1_000_000 + 3_600 * np.arange(120),
        split=split,
        items={f"i{number}": _item(random, number) for number in range(items)},
        users={f"u{number}": _user(number) for number in range(20)},
    )
    events = pq.read_table(folder / "events.parquet")
    seconds = pa.array(dataset.events.time // 1_000_000)
    pq.write_table(events.append_column("timestamp", seconds), folder / "events.parquet")
    return dataset


def _item(random: np.random.Generator, number: int) -> dict[str, object]:
    return {
        "title": f"Title {number}",
        "genres": ["drama", "comedy"][: 1 + number % 2],
        "price": None if number == 3 else float(number),
        "released": 900_000 + number,
        "image": random.standard_normal(3).tolist() if number % 5 else None,
    }


def _user(number: int) -> dict[str, object]:
    return {"age": 20.0 + number, "city": ["Oslo", "Rome", None][number % 3]}


def make_parts(
    folder: Path, items: int = ITEMS, with_ranker: bool = True, **sections: Any
) -> BundleParts:
    """What `write_bundle` takes; `sections` are sections of the configuration."""
    config = RunConfig.model_validate({"name": "tiny", "features": FEATURES} | sections)
    dataset = make_run_dataset(folder / "dataset", items)
    spec = fit_features(config.features, dataset, folder / "features")
    encoder = FeatureEncoder(spec)
    queries = np.random.default_rng(1).standard_normal((30, DIM)).astype(np.float32)
    return BundleParts(
        config=config,
        dataset=dataset,
        encoder=encoder,
        retriever=Tower(spec, seed=2),
        ranker=Ranker(encoder, seed=3) if with_ranker else None,
        metrics={"retrieval.two_tower.recall@10": 0.5},
        queries=queries,
    )


@dataclass(frozen=True)
class Run:
    """A bundle and what it was made of."""

    parts: BundleParts
    bundle: Path


def make_run(folder: Path, **arguments: Any) -> Run:
    """A bundle of `make_parts` and a report, written to `<folder>/bundle`."""
    report = folder / "measured.html"
    report.write_text("<p>measured</p>")
    parts = replace(make_parts(folder, **arguments), report=report)
    return Run(parts, write_bundle(parts, folder / "bundle"))
