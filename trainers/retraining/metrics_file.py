"""Figures of retraining in Prometheus' text format, for the collector of a node exporter."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from tfrs_models.durable import write_text
from tfrs_models.features.tables import MICROSECONDS_A_SECOND
from trainers.retraining.ledger import gates, runs, shards, versions
from trainers.retraining.work import Work

FILE = "metrics.prom"

Sample = tuple[str, str, str, float]
"""Name after `tfrs_retraining_`, help, labels after the model, value."""


def write_metrics_file(work: Work, exit_code: int) -> None:
    """Write `metrics.prom` into the state, and to `retraining.metrics_file` where that is set."""
    text = "".join(_lines(work, list(_samples(work, exit_code))))
    write_text(work.state.folder / FILE, text)
    other = work.config.retraining.metrics_file
    if other is not None:
        write_text(Path(other), text)


def _samples(work: Work, exit_code: int) -> Iterator[Sample]:
    ledger = work.state.ledger
    yield "last_run_timestamp_seconds", "When a run last ended.", "", work.clock()
    yield "last_run_exit_code", "What it returned.", "", exit_code
    success = runs.last_success(ledger)
    if success is not None:
        seconds = datetime.fromisoformat(success).timestamp()
        yield "last_success_timestamp_seconds", "When a version was last published.", "", seconds
    latest = versions.latest(ledger)
    if latest is not None:
        stale = work.clock() - latest.trained_until_us / MICROSECONDS_A_SECOND
        yield "staleness_seconds", "Age of the newest event that is learned.", "", stale
        yield "version", "The latest version.", "", latest.number
    yield (
        "rejects_in_a_row",
        "Rejected since the last publication.",
        "",
        runs.rejects_in_a_row(ledger),
    )
    yield from _of_shards(work)
    yield from _of_gate(work)
    yield from _of_drift(work)


def _of_shards(work: Work) -> Iterator[Sample]:
    own = set(runs.get(work.state.ledger, work.run_id).shards)
    taken = [shard for shard in shards.all_shards(work.state.ledger) if shard.sha256 in own]
    rows = sum(shard.rows for shard in taken)
    for name in ("late", "duplicates", "quarantined"):
        share = sum(getattr(shard, name) for shard in taken) / rows if rows else 0.0
        yield (
            "rows_share",
            "Rows of the run's files that were put aside.",
            f'reason="{name}"',
            share,
        )


def _of_gate(work: Work) -> Iterator[Sample]:
    found = gates.find(work.state.ledger, work.run_id)
    for check in found.report["checks"] if found else []:
        if check["measured"] is not None:
            labels = f'rule="{_escaped(check["name"])}"'
            yield "gate_measured", "What the gate measured.", labels, check["measured"]


def _of_drift(work: Work) -> Iterator[Sample]:
    path = work.folder / "drift.json"
    if path.exists():
        measured = json.loads(path.read_text())["columns"]
        for column in (one for one in measured if one["distance"] is not None):
            labels = f'column="{_escaped(column["column"])}"'
            yield "drift", "Distance of new events from those learned.", labels, column["distance"]


def _escaped(text: str) -> str:
    """A label's value as the text format wants it."""
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _lines(work: Work, samples: list[Sample]) -> Iterator[str]:
    model = f'model="{_escaped(work.state.name)}"'
    known: set[str] = set()
    for name, meaning, labels, value in samples:
        full = f"tfrs_retraining_{name}"
        if name not in known:
            yield f"# HELP {full} {meaning}\n# TYPE {full} gauge\n"
            known.add(name)
        yield f"{full}{{{model}{',' + labels if labels else ''}}} {float(value)!r}\n"
