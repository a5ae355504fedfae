"""Seconds, memory and size of an export, and latency of the request model in one graph.

    python benchmarks/export.py [--items 100000] [--users 5000] [--requests 300] [--threads 0]

The models are those of the `demo` configuration, not trained: the cost does not depend on the
weights. Memory is the peak of this process, in which the data are also prepared, and of the child
that builds the index. Requests have a history of five items and 100 ids to exclude, one at a time;
then all users are asked for at once, 50 items each, without what they have seen. The last line is
JSON.
"""

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from recommend import make_parts, timed

from exports.bundle import write_bundle
from exports.loader import LoadedModel, load_model
from exports.raw import missing_rows
from exports.requests.asked import DIVERSITY, EXCLUDE, K
from exports.requests.model import RETRIEVE
from exports.signatures import SIGNATURE
from serving.batch import Batch, recommend_all, retrieve_all

K_ASKED, K_OF_ALL = 10, 50
HISTORY, EXCLUDED = 5, 100
MEGABYTE = 1e6


def main() -> None:
    """Export, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--users", type=int, default=5_000)
    parser.add_argument("--requests", type=int, default=300)
    parser.add_argument("--threads", type=int, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        parts = make_parts(folder, items=arguments.items, users=arguments.users)
        start = time.perf_counter()
        bundle = write_bundle(parts, folder / "bundle")
        result: dict[str, Any] = {
            "items": arguments.items,
            "users": arguments.users,
            "seconds": round(time.perf_counter() - start, 1),
            **memory(),
            "bundle_mb": round(sum(p.stat().st_size for p in files(bundle)) / MEGABYTE, 1),
        }
        for signature, diversity in ((RETRIEVE, None), (SIGNATURE, 0.0), (SIGNATURE, 0.2)):
            label = signature if diversity is None else f"{signature}, diversity {diversity}"
            model = load_model(bundle, arguments.threads, signature)
            asked = requests(model, parts.dataset.num_items, arguments.requests, diversity)
            result[label] = timed(lambda i, m=model, a=asked: m(a[i]), len(asked))  # type: ignore[misc]
            print(f"{label:32} {result[label]}", flush=True)
            model.close()
        result |= all_users(bundle, arguments.threads)
    print(json.dumps(result))


def all_users(bundle: Path, threads: int) -> dict[str, dict[str, float]]:
    """Seconds, and users a second, by the index alone and with ranking."""
    path = bundle.parent / "all.parquet"
    found = {}
    for name, call in (
        ("all users, retrieved", partial(retrieve_all, bundle, K_OF_ALL)),
        ("all users, ranked", partial(recommend_all, bundle, Batch(K_OF_ALL))),
    ):
        start = time.perf_counter()
        users = call(path, threads)
        seconds = time.perf_counter() - start
        found[name] = {"seconds": round(seconds, 1), "users_a_second": round(users / seconds, 1)}
        print(f"{name:32} {found[name]}", flush=True)
    return found


def files(folder: Path) -> list[Path]:
    """All files below a folder."""
    return [path for path in folder.rglob("*") if path.is_file()]


def memory() -> dict[str, int]:
    """Peaks in MB: of this process, and of the largest child."""
    who = {"peak_mb": resource.RUSAGE_SELF, "child_peak_mb": resource.RUSAGE_CHILDREN}
    return {name: resource.getrusage(one).ru_maxrss // 1024 for name, one in who.items()}


def requests(
    model: LoadedModel, items: int, count: int, diversity: float | None
) -> Sequence[dict[str, NDArray[Any]]]:
    """Visitors with a few clicks; the simulated shop names its items `i0`, `i1`, ...."""
    random = np.random.default_rng(0)
    asked = []
    for _ in range(count):
        raw = {name: missing_rows(one, 1) for name, one in model.inputs.items() if name != K}
        raw["history"] = _names(random, items, HISTORY)
        raw[EXCLUDE] = _names(random, items, EXCLUDED)
        raw |= {name: np.full((1, HISTORY), -1) for name in ("history_time",) if name in raw}
        raw[K] = np.array([K_ASKED], np.int32)
        if diversity is not None:
            raw[DIVERSITY] = np.array([diversity], np.float32)
        asked.append({name: value for name, value in raw.items() if name in model.inputs})
    return asked


def _names(random: np.random.Generator, items: int, count: int) -> NDArray[Any]:
    return np.array([[f"i{number}" for number in random.integers(items, size=count)]], object)


if __name__ == "__main__":
    main()
