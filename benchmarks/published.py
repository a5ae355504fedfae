"""Our row between the published ones, on the files in which a split was published.

    python benchmarks/published.py --split lightgcn --data gowalla --preset gowalla --json out.json
    python benchmarks/published.py --split lightgcn --data yelp2018 --preset yelp2018
    python benchmarks/published.py --split sequence --data ml-1m --preset ml_1m
    python benchmarks/published.py --split stratified --data ml-100k --preset ml_100k_stratified

The preset trains as `tfrs train` does. Events held out of the training part choose when to stop;
the test part is read after that, once. All items are ranked but those of the user's own training.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import yaml
from published_files import lightgcn_events, sequence_events, stratified_events
from rich.console import Console
from rich.table import Table

from configs.load import load_config
from configs.run import RunConfig
from tfrs_models.metrics.accuracy import accuracy
from trainers.evaluation import test_queries
from trainers.folders import read_done
from trainers.retrieval import retrieve
from trainers.run import Trained, train

READERS = {
    "lightgcn": lightgcn_events,
    "sequence": sequence_events,
    "stratified": stratified_events,
}
DEFAULT_PRESETS = {
    "lightgcn": "gowalla",
    "sequence": "ml_1m",
    "stratified": "ml_100k_stratified",
}
PUBLISHED = Path(__file__).with_name("published")
OURS = "tfrs-two-stage"


def main() -> None:
    """Train on one split and print the table."""
    arguments = _arguments()
    console = Console()
    preset = arguments.preset or DEFAULT_PRESETS[arguments.split]
    published = published_rows(preset, arguments.split)
    with tempfile.TemporaryDirectory() as work:
        measured = run(arguments, preset, Path(work), console)
    report = {"preset": preset, **_asked(arguments), "cpus": os.cpu_count(), **measured}
    console.print(table(preset, published, measured))
    print(json.dumps(report))
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n", "utf-8")


def run(
    arguments: argparse.Namespace, preset: str, work: Path, console: Console
) -> dict[str, float]:
    """Metrics of the test part, and seconds."""
    start = time.perf_counter()
    events = write_events(arguments.split, arguments.data, arguments.seed, work)
    config = load_config(preset, [*events, f"seed={arguments.seed}", *arguments.set])
    measured = train_and_measure(config, work / "run", work, console)
    return {**measured, "seconds": round(time.perf_counter() - start, 1)}


def write_events(split: str, data: Path, seed: int, work: Path) -> list[str]:
    """Write the event table of a split; the settings that name it."""
    events = work / "events.parquet"
    pq.write_table(READERS[split](data, seed), events)
    return [f"data.files.events={events}"]


def train_and_measure(
    config: RunConfig, folder: Path, artifacts: Path, console: Console
) -> dict[str, float]:
    """Train the retrieval stage as `tfrs train` does; metrics of the test part."""
    start = time.perf_counter()
    folder.mkdir()
    trained = train(config, artifacts, folder, console)
    done = read_done(folder / "retrieval")
    return {
        **test_metrics(trained, config),
        "validation": done["best"],
        "best_epoch": done["best_epoch"],
        "examples_per_second": round(done["examples_per_second"]),
        "seconds_to_trained": round(time.perf_counter() - start, 1),
    }


def test_metrics(trained: Trained, config: RunConfig) -> dict[str, float]:
    """Means over the users of the test part."""
    material = trained.material
    queries = test_queries(material)
    ks = list(config.evaluation.ks)
    lists = retrieve(trained.two_tower, material, queries, max(ks), material.dataset.num_items)
    measured = accuracy(lists, queries.targets, ks)
    return {name: round(float(values.mean()), 5) for name, values in measured.items()}


def published_rows(preset: str, split: str) -> list[dict[str, Any]]:
    """The published rows of a preset's data set; none when there is no such table."""
    path = PUBLISHED / f"{preset}.yaml"
    if not path.exists():
        return []
    held = yaml.safe_load(path.read_text("utf-8"))
    if held["split"] != split:
        raise SystemExit(f"the preset `{preset}` is for --split {held['split']}, received {split}")
    rows: list[dict[str, Any]] = held["rows"]
    return rows


def table(preset: str, published: Sequence[Mapping[str, Any]], ours: Mapping[str, float]) -> Table:
    """Published rows and ours, by the last metric that all have."""
    names = [n for n in (published[0] if published else ours) if "@" in n]
    own = {"method": OURS, "source": "this run", **ours}
    shown = Table("method", *names, "source", title=preset)
    for row in sorted([*published, own], key=lambda r: float(r[names[-1]])):
        figures = [f"{row[name]:.4f}" for name in names]
        shown.add_row(row["method"], *figures, row["source"], style="bold" if row is own else None)
    return shown


def _asked(arguments: argparse.Namespace) -> dict[str, Any]:
    return {"split": arguments.split, "seed": arguments.seed, "set": arguments.set}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--split", choices=READERS, required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder of the published files")
    parser.add_argument("--preset", help="a shipped preset or a file; by default the split's own")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="also write the last line to this file")
    return parser.parse_args()


if __name__ == "__main__":
    main()
