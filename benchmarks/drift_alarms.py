"""How often drift of a few events alarms in a log that does not drift, by the number of events.

    python benchmarks/drift_alarms.py shop/events.parquet --sizes 50,500

Windows of consecutive events, each beside all events before it (the newest 500,000 of them), with
the thresholds of independent rows and with those of rows that are alike within users.
"""

import argparse
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from configs.drift import DriftConfig
from trainers.retraining.drift.measure import measure_drift
from trainers.retraining.drifted import moved, with_filled

_REFERENCE = 500_000


def windows(log: pa.Table, size: int, most: int) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Windows of the second half of the log, evenly spread, each with what was before it.

    Args:
        log: by time.
        size: events of a window.
        most: how many windows at most.
    """
    half = len(log) // 2
    step = max(size, half // most)
    for start in range(half, len(log) - size, step):
        first = max(0, start - _REFERENCE)
        yield log.slice(first, start - first), log.slice(start, size)


def row(log: pa.Table, size: int, most: int) -> str:
    """A row of the table: alarms of windows of a size, without and with clusters."""
    both = [DriftConfig(cluster=None), DriftConfig()]
    found = [
        [moved(measure_drift(before, now, settings)) for settings in both]
        for before, now in windows(log, size, most)
    ]
    alarms = [sum(bool(columns[place]) for columns in found) for place in range(len(both))]
    names = sorted({name for columns in found for name in columns[1]})
    return f"| {size:,} | {len(found)} | {alarms[0]} | {alarms[1]} | {', '.join(names)} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("events", help="Parquet with user_id, event_type and timestamp")
    parser.add_argument("--sizes", default="50,100,200,500,1000,5000")
    parser.add_argument("--windows", type=int, default=80)
    arguments = parser.parse_args()
    log = with_filled(pq.read_table(arguments.events).sort_by("timestamp"))
    print("| events | windows | alarms, rows independent | alarms, users alike | of |")
    print("|---:|---:|---:|---:|---|")
    for size in map(int, arguments.sizes.split(",")):
        print(row(log, size, arguments.windows), flush=True)


if __name__ == "__main__":
    main()
