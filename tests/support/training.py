"""Small settings, models and data for the tests of the trainers."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from numpy.typing import NDArray
from rich.console import Console

from configs.run import RunConfig
from configs.training import TrainingConfig
from tfrs_models.backend import tf
from tfrs_models.data.dataset import FIRST_ROW, PreparedDataset
from tfrs_models.durable import write_text
from tfrs_models.features.encode import encode_tables
from tfrs_models.features.encoder import FeatureEncoder
from tfrs_models.features.fit import fit_features
from tfrs_models.models.base import Model
from trainers.loop import Fit, fit
from trainers.optimizers.build import retrieval_optimizer
from trainers.retrieval import Material
from trainers.watch import Watch

WORLD = {"users": 300, "items": 150, "days": 30, "categories": 10, "sessions_per_user": 12.0}
LOOP = {"epochs": 8, "batch_size": 128, "steps_per_call": 10, "checkpoint_seconds": 0.0}


def tiny_config(**sections: Any) -> RunConfig:
    """A simulated run of a few seconds; `sections` are laid over it, key by key."""
    tiny: dict[str, Any] = {
        "name": "tiny",
        "data": {
            "source": "simulated",
            "simulated": WORLD,
            "events": {"weights": {"impression": 0}},
        },
        "features": {
            "item": {
                "item_id": {"type": "categorical"},
                "category": {"type": "categorical"},
            },
            "context": {"hour": {"type": "timestamp", "part": "hour", "column": "timestamp"}},
            "history": {"max_length": 10},
            "crosses": {"user_category": {"of": ["user_id", "category"], "buckets": 100}},
        },
        "retrieval": {
            "embedding_dim": 16,
            "training": {**LOOP, "learning_rate": 0.005, "embedding_learning_rate": 0.01},
        },
        "ranking": {
            "candidates": 30,
            "windows": 2,
            "hidden_units": [8],
            "embedding_dim": 4,
            "retrieved_negatives": 4,
            "training": {**LOOP, "epochs": 2},
        },
        "evaluation": {
            "ks": [5, 10, 20],
            "baselines": ["most_popular", "item_knn"],
            "bootstrap_samples": 100,
            "curve_users": 5,
        },
        "export": {"index": {"type": "exact"}},
    }
    return RunConfig.model_validate(_over(tiny, sections))


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _over(merged[key], value) if both else value
    return merged


def write_config(config: RunConfig, path: Path) -> Path:
    """A configuration as a file that `--config` reads, whole at any moment."""
    write_text(path, yaml.safe_dump(config.model_dump(mode="json")))
    return path


def make_material(
    dataset: PreparedDataset, folder: Path, **sections: Any
) -> tuple[Material, FeatureEncoder]:
    """Features fitted and encoded; the context is the hour of the event."""
    _add_timestamps(dataset)
    features = {
        "context": {"hour": {"type": "timestamp", "part": "hour", "column": "timestamp"}},
        "history": {"max_length": 3},
    }
    config = RunConfig.model_validate(_over({"features": features}, sections))
    spec = fit_features(config.features, dataset, folder / "features")
    encoder = FeatureEncoder(spec)
    encoded = encode_tables(encoder, dataset, folder / "encoded")
    return Material(config, dataset, spec, encoded), encoder


def _add_timestamps(dataset: PreparedDataset) -> None:
    path = dataset.folder / "events.parquet"
    events = pq.read_table(path)
    if "timestamp" not in events.column_names:
        seconds = pa.array(dataset.events.time // 1_000_000)
        pq.write_table(events.append_column("timestamp", seconds), path)


def with_times(dataset: PreparedDataset, time: NDArray[np.int64]) -> PreparedDataset:
    """The same events at other times, in the same order."""
    return replace(dataset, events=replace(dataset.events, time=time))


def forget_items(dataset: PreparedDataset, number: int) -> PreparedDataset:
    """The same dataset with the last known items out of the vocabulary."""
    path = dataset.folder / "vocabularies" / "item_id.txt"
    kept = path.read_text("utf-8").splitlines(keepends=True)[:-number]
    path.write_text("".join(kept), encoding="utf-8")
    return replace(dataset, known_items=len(kept) + FIRST_ROW)


def ids_of(dataset: PreparedDataset, kind: str) -> list[str]:
    """Raw ids by row; "" for the reserved rows."""
    table = pq.read_table(dataset.folder / f"{kind}s.parquet")
    return [""] * FIRST_ROW + [str(name) for name in table[f"{kind}_id"].to_pylist()]


class Line(Model):
    """A table with one row for each of four ids and a dense slope, pulled to seeded targets."""

    def __init__(self, width: int = 3) -> None:
        super().__init__("line")
        start = tf.keras.initializers.RandomNormal(seed=1)
        self.table = self.add_weight("line/table", (4, width), initializer=start)
        self.slope = self.add_weight("slope", (width,), initializer=start)

    def examples_in(self, inputs: Mapping[str, Any]) -> Any:
        return tf.size(inputs["ids"])

    def compute_loss(self, inputs: Mapping[str, Any], training: bool = False) -> Any:
        rows = tf.gather(self.table, inputs["ids"]) * self.slope
        return tf.reduce_mean(tf.square(rows - inputs["target"])) * inputs["scale"]


class LineBatches:
    """Ten examples, two a batch: five batches an epoch.

    Args:
        scales: the loss is multiplied by this at the step of the same index, by 1 after the last.
        serves: batches that one answer of `data` serves; all when missing.
    """

    steps_per_epoch = 5

    def __init__(self, *scales: float, serves: int | None = None) -> None:
        self._scales = tf.constant([*scales, 1.0], tf.float32)
        self._serves = serves
        self.variables: list[Any] = []

    def data(self, step: int) -> tuple[dict[str, Any], int]:
        last = (step // self._serves + 1) * self._serves if self._serves else sys.maxsize
        return {"shift": tf.zeros([step % 3], tf.int32)}, last

    def batch(self, step: Any, data: Mapping[str, Any]) -> dict[str, Any]:
        seed = tf.stack([tf.constant(7), tf.cast(step, tf.int32)])
        last = tf.shape(self._scales, out_type=tf.int64)[0] - 1
        return {
            "ids": tf.random.stateless_uniform((2,), seed, 0, 4, tf.int32),
            "target": tf.random.stateless_normal((2, 1), seed),
            "scale": self._scales[tf.minimum(step, last)],
        }


def new_line(config: TrainingConfig, width: int = 3) -> Line:
    """An untrained `Line`, compiled."""
    model = Line(width)
    total_steps = LineBatches.steps_per_epoch * config.epochs
    model.compile(optimizer=retrieval_optimizer(config, total_steps))
    return model


def quiet_watch(folder: Path) -> Watch:
    """A watch that draws nothing."""
    return Watch("test", "recall@20", folder / "logs", Console(quiet=True))


def train_line(
    config: TrainingConfig,
    folder: Path,
    evaluate: Callable[[Line], float],
    watch: Watch | None = None,
    batches: LineBatches | None = None,
) -> tuple[Line, Fit]:
    """Fit a new `Line`; `evaluate` sees the model."""
    model = new_line(config)
    fitted = fit(
        model,
        batches or LineBatches(),
        config,
        lambda: evaluate(model),
        folder,
        watch or quiet_watch(folder),
    )
    return model, fitted


def values(variables: Any) -> list[NDArray[Any]]:
    """Copies of the values of variables."""
    return [variable.numpy().copy() for variable in variables]


def assert_equal(left: list[NDArray[Any]], right: list[NDArray[Any]]) -> None:
    """Bit-equal, one by one."""
    for one, other in zip(left, right, strict=True):
        np.testing.assert_array_equal(one, other, strict=True)


def checkpoint(folder: Path) -> dict[str, NDArray[Any]]:
    """All numbers of the newest checkpoint in a folder, by name."""
    return stored(tf.train.latest_checkpoint(str(folder)))


def stored(path: str) -> dict[str, NDArray[Any]]:
    """All numbers of a checkpoint, by name; not the state's text, which holds seconds."""
    reader = tf.train.load_checkpoint(path)
    types = reader.get_variable_to_dtype_map()
    names = [name for name, t in types.items() if t != tf.string and "save_counter" not in name]
    return {name: reader.get_tensor(name) for name in names}


def assert_same_numbers(
    left: Mapping[str, NDArray[Any]], right: Mapping[str, NDArray[Any]]
) -> None:
    """The same names, and bit-equal."""
    assert left.keys() == right.keys()
    assert [name for name in left if left[name].tobytes() != right[name].tobytes()] == []
