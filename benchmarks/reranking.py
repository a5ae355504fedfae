"""Milliseconds of each re-ranking method; the last line is JSON.

    python benchmarks/reranking.py [--candidates 200] [--k 20] [--dim 64] [--requests 500]

Single requests over random items: 20 categories, of which an item has one or two, and histories of
50. The cost does not depend on the values. What each method does to the lists of a run stands in
the run's `report.html`.
"""

import argparse
import json
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from configs.reranking import RerankingConfig
from tfrs_models.reranking.catalogue import FIRST_EVENT, Catalogue
from tfrs_models.reranking.chain import Chain, open_chain
from tfrs_models.reranking.column import Column

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


def main() -> None:
    """Time the methods."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, value in {"candidates": 200, "k": 20, "dim": 64, "requests": 500}.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    print(json.dumps(measure(parser.parse_args())))


if __name__ == "__main__":
    main()
