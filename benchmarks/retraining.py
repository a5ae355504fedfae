"""How often the gate of `tfrs retrain` lets equal models through, and poisoned ones.

    python benchmarks/retraining.py [--trials 20] [--only NAME ...]

A simulated shop (the preset `demo`) is retrained once on 50 days. Then each trial takes a copy of
it, brings three more days and retrains:

- `equal`: the days as they are, another seed each time; the version should be published.
- `shuffled_items`: the items of the new events in another order;
- `shuffled_labels`: the types of the new events in another order;
- `turned_labels`: what was shown in vain becomes a view, and views were shown in vain;
- `shuffled_users`: the users of the new events in another order;
- `old_day`: a former day three times again, under new times;
- `empty`: a file without rows. Of these nothing should be published.

The poisons take turns. Trials take about half a minute each. The last line is JSON.
"""

import argparse
import json
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from rich.console import Console

from configs.errors import DataError
from configs.load import changed, load_config
from configs.run import RunConfig
from tfrs_models.data.simulation.files import write_world
from tfrs_models.data.simulation.options import Options
from tfrs_models.data.simulation.world import build_world
from trainers.retraining.cycle import retrain

DAYS, NEW_DAYS = 50, 3
DAY_US = 86_400_000_000
QUIET = Console(quiet=True)
TURNED = {"impression": "view", "view": "impression"}

Poison = Callable[[pa.Table, pa.Table, np.random.Generator], pa.Table]
"""New events, former events and a generator -> what comes instead."""


def days(events: pa.Table, first: int, last: int) -> pa.Table:
    """The events of some days, the last one not included."""
    start = pc.min(events["timestamp"])
    edges = [pc.add(start, pa.scalar(day * DAY_US, pa.duration("us"))) for day in (first, last)]
    time = events["timestamp"]
    return events.filter(pc.and_(pc.greater_equal(time, edges[0]), pc.less(time, edges[1])))


def with_column(table: pa.Table, name: str, values: object) -> pa.Table:
    """The table with another column of that name."""
    return table.set_column(table.column_names.index(name), name, values)


def shuffled(name: str) -> Poison:
    """One column in another order."""
    return lambda new, _, random: with_column(
        new, name, new[name].take(random.permutation(len(new)))
    )


def turned_labels(new: pa.Table, _: pa.Table, __: np.random.Generator) -> pa.Table:
    """Shown in vain becomes a view, and the other way round."""
    kinds = [TURNED.get(kind, kind) for kind in new["event_type"].to_pylist()]
    return with_column(new, "event_type", pa.array(kinds, pa.string()))


def old_day(_: pa.Table, former: pa.Table, random: np.random.Generator) -> pa.Table:
    """A former day three times, under the new times."""
    day = int(random.integers(10, DAYS - 10))
    old = days(former, day, day + 1)
    copies = [
        with_column(old, "timestamp", pc.add(old["timestamp"], pa.scalar(
            (DAYS - day + copy) * DAY_US, pa.duration("us"))))
        for copy in range(NEW_DAYS)
    ]  # fmt: skip
    return pa.concat_tables(copies)


def empty(new: pa.Table, _: pa.Table, __: np.random.Generator) -> pa.Table:
    """No row."""
    return new.slice(0, 0)


POISONS: Mapping[str, Poison] = {
    "shuffled_items": shuffled("item_id"),
    "shuffled_labels": shuffled("event_type"),
    "turned_labels": turned_labels,
    "shuffled_users": shuffled("user_id"),
    "old_day": old_day,
    "empty": empty,
}


def shop_config(folder: Path, log: Path, seed: int) -> RunConfig:
    """The preset `demo` on files, warm."""
    return changed(
        load_config("demo"),
        {
            "name": "shop",
            "seed": seed,
            "data.source": "files",
            "data.files": {
                "events": str(folder / "logs" / "*.parquet"),
                "items": str(log / "items.parquet"),
                "users": str(log / "users.parquet"),
            },
            "data.split.options": {"test_days": 3, "validation_days": 5},
            "retraining.policy": "full",
        },
    )


def bring(folder: Path, events: pa.Table, name: str) -> None:
    """A new file of events."""
    (folder / "logs").mkdir(parents=True, exist_ok=True)
    pq.write_table(events, folder / "logs" / f"{name}.parquet")


def trial(first: Path, log: Path, new: pa.Table, seed: int, policy: str) -> tuple[str, float]:
    """Outcome and seconds of one retraining of a copy."""
    with tempfile.TemporaryDirectory(dir=first.parent) as work:
        folder = Path(work) / "shop"
        shutil.copytree(first, folder)
        bring(folder, new, "new")
        settings = {"retraining.policy": policy}
        config = changed(shop_config(folder, log, seed), settings)
        start = time.perf_counter()
        try:
            ended = retrain(config, folder / "artifacts", QUIET)
        except DataError as error:
            return f"refused: {error}", time.perf_counter() - start
        outcome = "published" if ended.version else "not published"
        return f"{outcome}: {ended.reason}", time.perf_counter() - start


def main() -> None:
    """Make the shop, run the trials, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--only", nargs="*", default=[])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        log, first = Path(work) / "log", Path(work) / "first"
        write_world(build_world(Options(), 42), log)
        events = pq.read_table(log / "events.parquet")
        former, new = days(events, 0, DAYS), days(events, DAYS, DAYS + NEW_DAYS)
        bring(first, former, "former")
        started = time.perf_counter()
        print(retrain(shop_config(first, log, 42), first / "artifacts", QUIET).reason, flush=True)
        print(f"first version: {time.perf_counter() - started:.1f} s", flush=True)
        names = list(POISONS)
        found: dict[str, Counter[str]] = {}
        plan = [("equal", 100 + n) for n in range(given.trials)]
        plan += [(names[n % len(names)], n) for n in range(given.trials)]
        for name, seed in plan:
            if given.only and name not in given.only:
                continue
            poisoned = name != "equal"
            brought = POISONS[name](new, former, np.random.default_rng(seed)) if poisoned else new
            outcome, seconds = trial(
                first, log, brought, 42 if poisoned else seed, "warm" if poisoned else "full"
            )
            print(f"{name:16} {seconds:6.1f} s  {outcome[:200]}", flush=True)
            found.setdefault(name, Counter())[outcome.partition(":")[0]] += 1
    print(json.dumps({name: dict(counts) for name, counts in found.items()}))


if __name__ == "__main__":
    main()
