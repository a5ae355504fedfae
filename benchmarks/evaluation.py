"""Blocked exact top-k against a full score matrix that is sorted whole.

    python benchmarks/evaluation.py [--users 4000] [--items 100000] [--dim 64] [--k 100]

Embeddings are random: the cost depends on their number alone. `naive_users` bounds the naive way,
whose matrix of all users would not fit. Each way runs in a process of its own, so that each peak
memory is its own. The last line is JSON; `full_seconds` extrapolates to `full_users`.
"""

import argparse
import json
import multiprocessing
import resource
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfrs_models.evaluation.queries import Queries
from tfrs_models.evaluation.top_k import top_k_lists
from tfrs_models.metrics.rows import Rows

FULL_USERS = 100_000
HISTORY = 20


def embeddings(rows: int, dim: int, seed: int) -> NDArray[np.float32]:
    """Random unit vectors: float32 [rows, dim]."""
    drawn = np.random.default_rng(seed).standard_normal((rows, dim), np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def make_queries(users: int, items: int) -> Queries:
    """Queries with 20 seen items each and one target."""
    random = np.random.default_rng(2)
    seen = np.sort(random.integers(2, items, (users, HISTORY), dtype=np.int32), axis=1)
    history = Rows(np.arange(users + 1) * HISTORY, seen.ravel())
    targets = Rows(np.arange(users + 1), random.integers(2, items, users, dtype=np.int32))
    return Queries(
        np.arange(2, users + 2, dtype=np.int32),
        history,
        history,
        history,
        targets,
        np.zeros(users, np.int64),
        np.zeros(users, np.int64),
    )


def blocked(arguments: argparse.Namespace) -> int:
    """All lists of `users` queries; returns how many."""
    users = embeddings(arguments.users, arguments.dim, 0)
    items = embeddings(arguments.items, arguments.dim, 1)
    queries = make_queries(arguments.users, arguments.items)
    top_k_lists(
        lambda block: users[block] @ items.T,
        queries,
        arguments.items,
        arguments.k,
        arguments.memory_limit_mib,
    )
    return arguments.users


def naive(arguments: argparse.Namespace) -> int:
    """The full matrix of `naive_users` queries, sorted whole."""
    users = embeddings(arguments.naive_users, arguments.dim, 0)
    items = embeddings(arguments.items, arguments.dim, 1)
    seen = make_queries(arguments.naive_users, arguments.items).seen
    scores = users @ items.T
    scores[seen.owners, seen.items] = -np.inf
    np.argsort(-scores, axis=1)[:, : arguments.k].copy()
    return arguments.naive_users


def _measure(
    way: Callable[[argparse.Namespace], int], arguments: argparse.Namespace, out: Any
) -> None:
    started = time.perf_counter()
    users = way(arguments)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    out.put(
        {
            "users": users,
            "users_per_second": round(users / seconds, 1),
            "full_seconds": round(FULL_USERS * seconds / users, 1),
            "peak_mib": round(peak),
        }
    )


def main() -> None:
    """Measure both ways and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    defaults = {
        "users": 4000,
        "naive_users": 1000,
        "items": 100_000,
        "dim": 64,
        "k": 100,
        "memory_limit_mib": 1024,
    }
    for name, value in defaults.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=value)
    arguments = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    results: dict[str, Any] = {"full_users": FULL_USERS, **vars(arguments)}
    for way in (blocked, naive):
        queue = context.SimpleQueue()
        child = context.Process(target=_measure, args=(way, arguments, queue))
        child.start()
        child.join()
        results[way.__name__] = queue.get()
        print(f"{way.__name__:8s} {results[way.__name__]}")
    print(json.dumps(results))


if __name__ == "__main__":
    main()
