"""Speed and memory of the simulator; the last line is JSON.

    python benchmarks/simulator.py --users 3000 --items 1500 --days 60
    python benchmarks/simulator.py --users 10000000 --items 1000000 --days 1 --sessions-per-user 0.1

Peak memory is that of the whole process; Parquet files go to a temporary folder.
"""

import argparse
import json
import os
import resource
import tempfile
import time
from pathlib import Path

from tfrs_models.data.simulation.files import write_world
from tfrs_models.data.simulation.options import Options
from tfrs_models.data.simulation.stream import SESSIONS_PER_CHUNK
from tfrs_models.data.simulation.world import build_world


def main() -> None:
    """Simulate one world, print what it took."""
    arguments = _arguments()
    options = Options(
        users=arguments.users,
        items=arguments.items,
        days=arguments.days,
        sessions_per_user=arguments.sessions_per_user,
    )
    before = _peak_mib()
    start = time.perf_counter()
    world = build_world(options, arguments.seed)
    built = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        events = write_world(world, Path(folder), arguments.chunk)
        size = sum(file.stat().st_size for file in Path(folder).iterdir())
    done = time.perf_counter()
    report = {
        **vars(arguments),
        "cpus": os.cpu_count(),
        "events": events,
        "seconds_world": round(built - start, 2),
        "seconds_files": round(done - built, 2),
        "events_per_second": round(events / (done - built)),
        "events_per_second_with_world": round(events / (done - start)),
        "mib_written": round(size / 2**20, 1),
        "mib_before": round(before),
        "mib_peak": round(_peak_mib()),
    }
    print(json.dumps(report))


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _arguments() -> argparse.Namespace:
    defaults = Options()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=defaults.users)
    parser.add_argument("--items", type=int, default=defaults.items)
    parser.add_argument("--days", type=int, default=defaults.days)
    parser.add_argument("--sessions-per-user", type=float, default=defaults.sessions_per_user)
    parser.add_argument("--chunk", type=int, default=SESSIONS_PER_CHUNK)
    parser.add_argument("--seed", type=int, default=42)
    return parser.parse_args()


if __name__ == "__main__":
    main()
