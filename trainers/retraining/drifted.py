"""Whether the new events are like those learned before."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from configs.drift import DriftConfig
from trainers.retraining.drift.findings import DriftReport
from trainers.retraining.drift.measure import measure_drift
from trainers.retraining.fresh import SEQUENCE
from trainers.retraining.intake.layout import rows_path
from trainers.retraining.ledger import shards
from trainers.retraining.ledger.shards import Shard
from trainers.retraining.work import Work

if TYPE_CHECKING:
    import pyarrow as pa

FILLED = "event_filled"
"""The column that the drift of the log has beside its own."""
_OPTIONAL = ("value", "position")
_ROWS = 500_000
"""Rows of either side at most, the newest ones."""


def measured_drift(
    log: Path, learned: Sequence[Shard], new: Sequence[Shard], settings: DriftConfig
) -> DriftReport | None:
    """The new shards beside the latest learned ones; None where one of them has no rows."""
    reference, current = _newest(log, learned), _newest(log, new)
    if reference is None or current is None:
        return None
    return measure_drift(with_filled(reference), with_filled(current), settings)


def with_filled(events: "pa.Table") -> "pa.Table":
    """The events with `event_filled`: the type of each, and which of value and position it has.

    Types in another order leave the mix of types as it is, and every other column too. But a price
    that only purchases have stands at impressions then.
    """
    import pyarrow.compute as pc

    filled = (
        pc.if_else(pc.is_valid(events[name]), f" {name}", "")
        for name in _OPTIONAL
        if name in events.column_names
    )
    return events.append_column(
        FILLED, pc.binary_join_element_wise(events["event_type"], *filled, "")
    )


def drift_of(work: Work, new: Sequence[Shard]) -> DriftReport | None:
    """The new shards beside the other ones of the log; None where one of them has no rows."""
    own = {shard.sha256 for shard in new}
    learned = [one for one in shards.in_log(work.state.ledger) if one.sha256 not in own]
    return measured_drift(work.state.log, learned, new, work.config.retraining.drift)


def moved(report: DriftReport) -> tuple[str, ...]:
    """The columns that moved too far, each once.

    How many rows the days have does not count: of a day that has not ended there are always few.
    """
    columns = [one.column for one in report.columns if one.verdict != "ok"]
    rates = [one.column for one in report.rates if one.verdict != "ok"]
    return tuple(dict.fromkeys([*columns, *rates]))


def _newest(log: Path, found: Sequence[Shard]) -> "pa.Table | None":
    """The rows of the newest shards that fit, without the column of the log itself."""
    import pyarrow as pa

    parts, rows = [], 0
    for shard in _newest_first(found):
        if rows >= _ROWS:
            break
        parts.append(_read(log, shard))
        rows += shard.accepted
    if not parts:
        return None
    return pa.concat_tables(parts, promote_options="permissive").slice(0, _ROWS)


def _newest_first(found: Sequence[Shard]) -> Iterable[Shard]:
    with_rows = [shard for shard in found if shard.accepted]
    return sorted(with_rows, key=lambda shard: shard.sequence, reverse=True)


def _read(log: Path, shard: Shard) -> "pa.Table":
    import pyarrow.parquet as pq

    return pq.read_table(rows_path(log, shard.stem)).drop_columns([SEQUENCE])
