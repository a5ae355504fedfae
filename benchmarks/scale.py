"""Memory and time per example of retrieval training as the log grows.

    python benchmarks/scale.py
    python benchmarks/scale.py --events 200000 2000000 --items 100000

Users have about 50 events each, the item of popularity rank r is drawn with probability r to the
minus 0.8, and a hundredth of the events validates and another one tests; other settings are the
defaults. Each size is prepared, then trained twice, in a new process each time: with the defaults,
and with random initial values. The differences of the two are what the spectral start costs. A
training does all that `tfrs train` does until its first step (batches, initial values, the first
validation and checkpoint) and then `--calls` compiled calls, after one that warms up.

Peaks are resident memory, the interpreter's and TensorFlow's own included, and pages of mapped
files too, which the system may take back. The last line is JSON, with the targets beside what was
found: the largest size trains within 6 GB, and an example takes at most 1.2 times as long as at the
smallest size.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from children import in_child, peak_mib
from numpy.typing import NDArray
from retrieval_runs import Listener, open_material

from configs.load import load_config
from configs.run import RunConfig
from trainers.retrieval import train_retrieval
from trainers.run import make_deterministic

EVENTS_A_USER = 50
ZIPF_EXPONENT = 0.8
PARTS = {"train": 0.98, "validation": 0.01, "test": 0.01}
WINDOW = (1_735_689_600, 1_743_465_600)
"""The first quarter of 2025, in seconds since 1970 UTC."""
MOST_MIB = 6e9 / 2**20
MOST_TIMES = 1.2


class Enough(Exception):  # noqa: N818 - no error
    """As many calls as were asked for have been made."""


def write_events(path: Path, events: int, items: int, seed: int) -> None:
    """Write a random log as Parquet."""
    random = np.random.default_rng(seed)
    parts = random.choice(len(PARTS), events, p=list(PARTS.values())).astype(np.int8)
    columns = {
        "user_id": random.integers(0, max(events // EVENTS_A_USER, 1), events),
        "item_id": zipf_items(items, events, random),
        "timestamp": random.integers(*WINDOW, events),
        "split": pa.DictionaryArray.from_arrays(pa.array(parts), list(PARTS)),
    }
    pq.write_table(pa.table(columns), path)


def zipf_items(items: int, number: int, random: np.random.Generator) -> NDArray[np.int64]:
    """Drawn items, the most popular one is 0: int64 [number]."""
    share = np.cumsum(np.arange(1, items + 1) ** -ZIPF_EXPONENT)
    drawn: NDArray[np.int64] = np.searchsorted(share, random.random(number) * share[-1])
    return drawn


def prepare(config: RunConfig, work: Path) -> dict[str, float]:
    """Prepare events, features and encoded tables."""
    start = time.perf_counter()
    dataset = open_material(config, work).dataset
    return {
        "known_items": dataset.known_items,
        "known_users": dataset.known_users,
        "prepare_seconds": round(time.perf_counter() - start, 1),
        "prepare_peak_mib": round(peak_mib()),
    }


def train(config: RunConfig, work: Path, calls: int) -> dict[str, float]:
    """Train for some compiled calls after the first one."""
    make_deterministic(config.seed)
    before = peak_mib()
    material = open_material(config, work)
    rates: list[float] = []
    started, first = time.perf_counter(), 0.0

    def heard(examples_per_second: float) -> None:
        nonlocal first
        first = first or time.perf_counter() - started
        rates.append(examples_per_second)
        if len(rates) > calls:
            raise Enough

    try:
        folder = work / config.retrieval.initialization
        train_retrieval(material, folder, Listener(folder, heard))
    except Enough:
        pass
    return {
        "before_mib": round(before),
        "peak_mib": round(peak_mib()),
        "seconds_to_first_call": round(first, 1),
        "us_per_example": round(1e6 / median(rates[1:]), 3),
    }


def measure(arguments: argparse.Namespace, events: int) -> dict[str, float]:
    """One size: preparation, the default training, and what the spectral start costs of it."""
    with tempfile.TemporaryDirectory(dir=arguments.work) as folder:
        work = Path(folder)
        path = work / "events.parquet"
        in_child(write_events, path, events, arguments.items, arguments.seed)
        config = _config(arguments, path)
        random = _config(arguments, path, "retrieval.initialization=random")
        prepared = in_child(prepare, config, work)
        spectral_start = in_child(train, config, work, arguments.calls)
        random_start = in_child(train, random, work, arguments.calls)
    return {"events": events, **prepared, **spectral_start, **costs(spectral_start, random_start)}


def costs(spectral: Mapping[str, float], random: Mapping[str, float]) -> dict[str, float]:
    """Seconds and memory that the spectral start adds to the training with a random one."""
    seconds = spectral["seconds_to_first_call"] - random["seconds_to_first_call"]
    return {
        "random_start_peak_mib": random["peak_mib"],
        "spectral_seconds": round(seconds, 1),
        "spectral_mib": spectral["peak_mib"] - random["peak_mib"],
    }


def verdict(sizes: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """The targets beside what the smallest and the largest size gave, in that order."""
    first, last = sizes[0], sizes[-1]
    times = last["us_per_example"] / first["us_per_example"]
    return {
        "peak_mib": last["peak_mib"],
        "peak_mib_at_most": round(MOST_MIB),
        "time_ratio": round(times, 3),
        "time_ratio_at_most": MOST_TIMES,
        "met": bool(last["peak_mib"] <= MOST_MIB and times <= MOST_TIMES),
    }


def main() -> None:
    """Measure every size and print."""
    arguments = _arguments()
    sizes = []
    for events in sorted(arguments.events):
        sizes.append(measure(arguments, events))
        print(sizes[-1], flush=True)
    asked = {name: getattr(arguments, name) for name in ("items", "dim", "set")}
    report = {**asked, "cpus": os.cpu_count(), "sizes": sizes, **verdict(sizes)}
    print(json.dumps(report))


def _config(arguments: argparse.Namespace, events: Path, *settings: str) -> RunConfig:
    """The defaults on this file."""
    given = [
        "data.source=files",
        f"data.files.events={events}",
        "data.split.type=given",
        f"retrieval.embedding_dim={arguments.dim}",
        f"retrieval.training.steps_per_call={arguments.steps}",
        *arguments.set,
        *settings,
    ]
    return load_config("reference", given)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    sizes = (1_000_000, 5_000_000, 20_000_000)
    parser.add_argument("--events", type=int, nargs="+", default=sizes)
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--steps", type=int, default=50, help="of one compiled call")
    parser.add_argument("--calls", type=int, default=5, help="that are measured")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--work", type=Path, help="where temporary files go; 10 GB at 20M events")
    return parser.parse_args()


if __name__ == "__main__":
    main()
