"""A night of a large shop: `tfrs retrain` by real processes, with their seconds and their memory.

    python benchmarks/retraining_scale.py --work FOLDER
    python benchmarks/retraining_scale.py --work FOLDER --users 20000 --items 5000

A shop of a million users and 200,000 items is simulated, which takes a quarter of an hour and is
kept in the folder, and published after 27 of its 30 days. Then, each in a process of its own:

1. two more days come, about a million events: seconds and memory of the whole cycle;
2. another day comes; the run is killed in the middle of its training and begun again: seconds
   until it trains again, and until it has published;
3. a reader opens the served version again and again while `tfrs rollback` runs: seconds until it
   sees the former one, the start of the command included.

Memory is the largest resident memory of one process, its children each counted alone. The last line
is JSON, with the targets beside what was found.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import yaml
from retraining import bring, days

from exports.publishing.reader import opened

NAME = "large"
FIRST_DAYS, NEW_DAYS = 27, 2
TRAINS = "Retrieval goes on with the new events"
"""What a warm run says before it trains."""
TARGETS = {"cycle_seconds": 600, "peak_mib": 8e9 / 2**20, "resumed_seconds": 60, "seen_seconds": 2}
SETTINGS: dict[str, Any] = {
    "name": NAME,
    "data": {
        "source": "files",
        "files": {
            "events": "logs/*.parquet",
            "items": "all/items.parquet",
            "users": "all/users.parquet",
        },
        "events": {"weights": {"view": 1, "cart": 2, "purchase": 3}},
        "split": {"type": "global_temporal", "options": {"test_days": 1, "validation_days": 2}},
    },
    "features": {
        "user": {
            "user_id": {"type": "categorical", "stages": []},
            "country": {"type": "categorical", "stages": ["retrieval"]},
            "age_group": {"type": "categorical", "stages": ["retrieval"]},
        },
        "item": {
            "item_id": {"type": "categorical", "stages": ["retrieval"]},
            "category": {"type": "categorical", "stages": ["retrieval"]},
            "brand": {"type": "categorical", "stages": ["retrieval"]},
            "price": {"type": "numeric", "transform": "log"},
        },
        "context": {"device": {"type": "categorical", "stages": ["retrieval"]}},
        "history": {"max_length": 50, "time_gaps": True},
    },
    "retrieval": {
        "embedding_dim": 32,
        "history": {"type": "recency"},
        "history_sampling": "past",
        "recency_half_life_days": 30,
        "validation_users": 1000,
        "training": {"epochs": 2},
    },
    "ranking": {"windows": 1, "max_requests": 5000, "training": {"epochs": 4}},
    "evaluation": {"max_users": 2000, "baselines": ["most_popular"], "curve_users": 0},
    # As many passes over the histories of a night as the training from the beginning takes.
    "retraining": {"policy": "warm", "warm": {"retrieval_epochs": 2}},
}


@dataclass(frozen=True)
class Night:
    """How a process of `tfrs retrain` has ended.

    Attributes:
        seconds: until its end.
        training_seconds: until it began to train; None where it did not say so.
        peak_mib: largest resident memory of one process of it.
    """

    seconds: float
    training_seconds: float | None
    peak_mib: float


def tfrs(*words: object) -> list[str]:
    """The command line of a `tfrs` of this environment."""
    return [str(Path(sys.executable).with_name("tfrs")), *map(str, words)]


def simulate(work: Path, users: int, items: int) -> None:
    """Write the shop, unless it is there."""
    if (work / "all" / "items.parquet").exists():
        return
    world = {
        "users": users, "items": items, "days": FIRST_DAYS + NEW_DAYS + 1, "sessions_per_user": 3.4,
        "impressions": "clicked", "categories": 200, "new_users": 0.05, "new_items": 0.05,
    }  # fmt: skip
    settings = [word for name, value in world.items()
                for word in ("--set", f"data.simulated.{name}={value}")]  # fmt: skip
    command = tfrs("data", "simulate", "all", "--config", "demo", *settings)
    subprocess.run(command, cwd=work, check=True)


def bring_days(work: Path, first: int, last: int) -> int:
    """A file of the events of some days, the last one not included; how many they are."""
    events = days(pq.read_table(work / "all" / "events.parquet"), first, last)
    bring(work, events, f"day-{last:02}")
    return len(events)


def retrain(work: Path, kill_after: float | None = None) -> Night:
    """One process, killed some seconds after it began to train where that is asked for."""
    start = time.perf_counter()
    process = subprocess.Popen(
        tfrs("retrain", "--config", "large.yaml"), cwd=work, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    training = None
    for line in process.stdout:
        print(f"    {time.perf_counter() - start:6.1f} s  {line.rstrip()[:120]}", flush=True)
        if training is None and line.startswith(TRAINS):
            training = time.perf_counter() - start
            if kill_after is not None:
                time.sleep(kill_after)
                os.kill(process.pid, signal.SIGKILL)
                break
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    expected = 0 if kill_after is None else -signal.SIGKILL
    if process.returncode != expected:
        sys.exit(f"`tfrs retrain` ended with {process.returncode}")
    return Night(time.perf_counter() - start, training, usage.ru_maxrss / 1024)


def rollback(work: Path) -> float:
    """Seconds from the start of `tfrs rollback` until a reader sees another version."""
    base = work / "artifacts" / "models"
    with opened(base, NAME) as (_, before):
        pass
    start = time.perf_counter()
    with subprocess.Popen(tfrs("rollback", base, NAME), stdout=subprocess.DEVNULL) as process:
        while True:
            with opened(base, NAME) as (_, version):
                if version != before:
                    break
            time.sleep(0.01)
        seen = time.perf_counter() - start
        process.wait()
    return seen


def main() -> None:
    """Simulate, publish, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--users", type=int, default=1_000_000)
    parser.add_argument("--items", type=int, default=200_000)
    given = parser.parse_args()
    work = given.work
    work.mkdir(parents=True, exist_ok=True)
    (work / "large.yaml").write_text(yaml.safe_dump(SETTINGS, sort_keys=False))
    simulate(work, given.users, given.items)
    for name in ("logs", "artifacts"):
        shutil.rmtree(work / name, ignore_errors=True)
    print(f"first version, {bring_days(work, 0, FIRST_DAYS):,} events", flush=True)
    first = retrain(work)
    new = bring_days(work, FIRST_DAYS, FIRST_DAYS + NEW_DAYS)
    print(f"a night with {new:,} new events", flush=True)
    night = retrain(work)
    bring_days(work, FIRST_DAYS + NEW_DAYS, FIRST_DAYS + NEW_DAYS + 1)
    print("a night that is killed while it trains", flush=True)
    retrain(work, kill_after=2.0)
    print("and begun again", flush=True)
    resumed = retrain(work)
    found = {
        "first_seconds": first.seconds,
        "new_events": new,
        "cycle_seconds": night.seconds,
        "peak_mib": night.peak_mib,
        "resumed_seconds": resumed.training_seconds,
        "resumed_cycle_seconds": resumed.seconds,
        "seen_seconds": rollback(work),
    }
    print(json.dumps({"found": found, "targets": TARGETS}))


if __name__ == "__main__":
    main()
