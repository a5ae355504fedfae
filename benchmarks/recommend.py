"""Latency of a recommendation in process, whole and by stage, with ScaNN and with exact search.

    python benchmarks/recommend.py [--bundle FOLDER] [--items 20000] [--requests 500] [--threads 1]

Without a bundle it makes one: the `demo` configuration with that many simulated items, and models
that are not trained: the cost does not depend on the weights. One request at a time. The last line
is JSON, in milliseconds.
"""

import argparse
import dataclasses
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from configs.load import load_config
from exports.bundle import BundleParts, write_bundle
from serving.inputs import Arrays
from serving.recommender import Recommender
from serving.request import Request
from tfrs_models.data.prepare import prepare
from tfrs_models.features.encode import encode_tables
from tfrs_models.features.encoder import FeatureEncoder
from tfrs_models.features.fit import fit_features
from tfrs_models.models.ranker import Ranker
from trainers.ranking.stage import build
from trainers.ranking.training import new_encoder, new_wide_deep
from trainers.restore import build_two_tower
from trainers.retrieval import Material, new_two_tower

WARM_UP = 20
K = 10


def make_parts(folder: Path, **simulated: int) -> BundleParts:
    """What a bundle is made of: untrained models over a simulated shop of other sizes."""
    sizes = [f"data.simulated.{name}={size}" for name, size in simulated.items()]
    config = load_config("demo", [*sizes, "export.min_index_recall=0"])
    dataset = prepare(config.data, config.seed, folder / "datasets")
    encoder = FeatureEncoder(fit_features(config.features, dataset, folder / "features"))
    tables = encode_tables(encoder, dataset, folder / "encoded")
    material = Material(config, dataset, encoder.spec, tables)
    tower = build_two_tower(new_two_tower(material), material)
    pairs = new_encoder(material, encoder)
    model = new_wide_deep(material, pairs)
    build(model, pairs, material)
    ranker = Ranker(model, pairs, {}, config.ranking.formula)
    queries = np.ones((1, config.retrieval.embedding_dim + 1), np.float32)
    return BundleParts(config, dataset, encoder, tower, ranker, {}, queries)


def new_bundle(items: int, folder: Path) -> Path:
    """A bundle of `make_parts`."""
    return write_bundle(make_parts(folder, items=items), folder / "bundle")


def requests(recommender: Recommender, count: int) -> list[Request]:
    """Users of the bundle in random order; visitors with five clicks when it has no users."""
    random = np.random.default_rng(0)
    if recommender.users is not None:
        ids = recommender.users.table.column("user_id").to_pylist()
        return [Request(str(user), K) for user in random.choice(ids, count)]
    items = list(recommender.items.positions)
    return [Request(k=K, history=tuple(random.choice(items, 5))) for _ in range(count)]


def timed(call: Callable[[int], object], count: int) -> dict[str, float]:
    """Median and 99th percentile of the calls, milliseconds."""
    for number in range(min(WARM_UP, count)):
        call(number)
    seconds = []
    for number in range(count):
        start = time.perf_counter()
        call(number)
        seconds.append(time.perf_counter() - start)
    p50, p99 = np.percentile(seconds, [50, 99]) * 1e3
    return {"p50": round(float(p50), 3), "p99": round(float(p99), 3)}


def measure(recommender: Recommender, asked: Sequence[Request]) -> dict[str, dict[str, float]]:
    """The whole recommendation and each stage of it."""
    known = [recommender.look_up(request) for request in asked]
    arrays: list[Arrays] = [
        recommender.query_inputs(*pair) for pair in zip(asked, known, strict=True)
    ]
    embeddings = [recommender.embed_query(raw)["query_embedding"] for raw in arrays]
    found = [
        recommender.retrieve(embedding, K, user.removed)
        for embedding, user in zip(embeddings, known, strict=True)
    ]
    stages: dict[str, Callable[[int], object]] = {
        "whole": lambda i: recommender.recommend(asked[i]),
        "look_up": lambda i: recommender.look_up(asked[i]),
        "query_inputs": lambda i: recommender.query_inputs(asked[i], known[i]),
        "embed_query": lambda i: recommender.embed_query(arrays[i]),
        "retrieve": lambda i: recommender.retrieve(embeddings[i], K, known[i].removed),
        "rank": lambda i: recommender.score(arrays[i], *found[i]),
        "item_columns": lambda i: recommender.items.rows(found[i][0][:K]),
    }
    return {name: timed(stage, len(asked)) for name, stage in stages.items()}


def main() -> None:
    """Make or open the bundle, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bundle", type=Path)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--requests", type=int, default=500)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bundle = arguments.bundle or new_bundle(arguments.items, Path(folder))
        opened = Recommender.open(bundle, arguments.threads)
        asked = requests(opened, arguments.requests)
        exact = dataclasses.replace(opened, index=opened.exact)
        result = {
            "items": len(opened.items),
            "candidates": opened.manifest.candidates,
            opened.manifest.index: measure(opened, asked),
            "exact": measure(exact, asked),
        }
    for name in (opened.manifest.index, "exact"):
        for stage, figures in result[name].items():
            print(f"{name:8} {stage:14} p50 {figures['p50']:8.3f} ms  p99 {figures['p99']:8.3f} ms")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
