"""Milliseconds of each re-ranking method, and the curve of relevance against diversity.

    python benchmarks/reranking.py [--candidates 200] [--k 20] [--dim 64] [--requests 500]
    python benchmarks/reranking.py --run RUN [--artifacts artifacts] [--column genres]

The first form times single requests over random items: 20 categories, of which an item has one or
two, and histories of 50. The cost does not depend on the values. The second re-ranks the retrieved
candidates of a finished run's test queries, 2,000 at most. The last line is JSON.
"""

import argparse
import dataclasses
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from configs.reranking import RerankingConfig
from exports.runs import find_run
from tfrs_models.evaluation.content import content_vectors
from tfrs_models.evaluation.queries import sample
from tfrs_models.evaluation.tradeoff import Point, Ranked, tradeoff
from tfrs_models.reranking.catalogue import FIRST_EVENT, Catalogue
from tfrs_models.reranking.chain import Chain, open_chain
from tfrs_models.reranking.column import Column
from trainers.evaluation import test_queries
from trainers.folders import CONFIG, load_run_config
from trainers.ranking import Retrieved, retrieved
from trainers.run import train

ITEMS = 20_000
CATEGORIES = 20
HISTORY = 50
WARM_UP = 20
MAX_QUERIES = 2_000
CATEGORY: Mapping[str, Any] = {"column": "category"}
STEPS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "mmr": ("mmr", {}),
    "mmr, category": ("mmr", CATEGORY),
    "dpp": ("dpp", {}),
    "dpp, category": ("dpp", CATEGORY),
    "category_cap": ("category_cap", CATEGORY),
    "category_cap, window": ("category_cap", {**CATEGORY, "most": 2, "window": 5}),
    "freshness": ("freshness", {}),
    "novelty": ("novelty", {}),
    "calibrated": ("calibrated", CATEGORY),
    "rules": (
        "rules",
        {
            "exclude": [{**CATEGORY, "value": "c1"}],
            "pin": [{**CATEGORY, "value": "c2", "position": 1}],
            "quotas": [{**CATEGORY, "value": "c3", "at_least": 0.2}],
        },
    ),
}


def random_catalogue(dim: int) -> Catalogue:
    """Items of which everything is known."""
    random = np.random.default_rng(0)
    numbers = random.integers(0, CATEGORIES, (ITEMS, 2))
    return Catalogue(
        size=ITEMS,
        columns={"category": Column.of([f"c{a}", f"c{b}"] for a, b in numbers.tolist())},
        vectors=random.standard_normal((ITEMS, dim), np.float32),
        popularity=random.integers(0, 10_000, ITEMS).astype(np.float64),
        times={FIRST_EVENT: random.integers(0, 10**7, ITEMS)},
    )


def needed(catalogue: Catalogue, chain: Chain) -> Catalogue:
    """The part of a catalogue that a server would have loaded for a chain."""
    needs = chain.needs
    return Catalogue(
        size=catalogue.size,
        columns=catalogue.columns if needs.columns else {},
        vectors=catalogue.vectors if needs.vectors else None,
        popularity=catalogue.popularity if needs.popularity else None,
        times=catalogue.times if needs.times else {},
    )


def timed(chain: Chain, catalogue: Catalogue, size: int, k: int, requests: int) -> dict[str, float]:
    """Median and 99th percentile of a request, the look-up of its data included, milliseconds."""
    random = np.random.default_rng(1)
    seconds = []
    for number in range(WARM_UP + requests):
        items = random.choice(catalogue.size, size, replace=False)
        scores = -np.sort(random.standard_normal(size))
        history = random.choice(catalogue.size, HISTORY)
        start = time.perf_counter()
        chain.order(catalogue.candidates(items, scores, history, 2e7), k)
        if number >= WARM_UP:
            seconds.append(time.perf_counter() - start)
    p50, p99 = np.percentile(seconds, [50, 99]) * 1e3
    return {"p50": round(float(p50), 3), "p99": round(float(p99), 3)}


def measure(arguments: argparse.Namespace) -> dict[str, dict[str, float]]:
    """All methods."""
    catalogue = random_catalogue(arguments.dim)
    results = {}
    for name, (method, options) in STEPS.items():
        step = {"type": method, "options": options}
        chain = open_chain(RerankingConfig.model_validate({"steps": [step]}))
        part = needed(catalogue, chain)
        results[name] = timed(chain, part, arguments.candidates, arguments.k, arguments.requests)
        print(f"{name:22} p50 {results[name]['p50']:7.3f} ms  p99 {results[name]['p99']:7.3f} ms")
    return results


def curve(arguments: argparse.Namespace) -> list[Point]:
    """The retrieved candidates of a run, re-ranked at every setting."""
    folder = find_run(arguments.artifacts, arguments.run, CONFIG)
    trained = train(load_run_config(folder), arguments.artifacts, folder, Console(quiet=True))
    material = trained.material
    queries = sample(test_queries(material), MAX_QUERIES, material.config.seed)
    part = retrieved(trained.two_tower, material, queries, material.dataset.num_items)
    points = tradeoff(
        Ranked(part.lists, retrieval_scores(part), queries),
        material.dataset,
        material.spec,
        part.candidate_embeddings,
        content_vectors(material.dataset),
        arguments.k,
        arguments.column,
    )
    for point in points:
        print("  ".join(f"{name} {value}" for name, value in dataclasses.asdict(point).items()))
    return points


def retrieval_scores(part: Retrieved) -> np.ndarray:
    """Inner products with the nearest interest: float32 [Q, K]."""
    width = part.candidate_embeddings.shape[1]
    interests = part.query_embeddings.reshape(len(part.lists), -1, width)
    rows = zip(part.lists, interests, strict=True)
    return np.stack([(part.candidate_embeddings[own] @ query.T).max(1) for own, query in rows])


def main() -> None:
    """Time the methods, or draw the curve of a run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, value in {"candidates": 200, "k": 20, "dim": 64, "requests": 500}.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--run")
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts"))
    parser.add_argument("--column")
    arguments = parser.parse_args()
    if arguments.run is None:
        print(json.dumps(measure(arguments)))
    else:
        print(json.dumps([dataclasses.asdict(point) for point in curve(arguments)]))


if __name__ == "__main__":
    main()
