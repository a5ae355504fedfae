"""Whether the new events are like those learned before."""

from collections.abc import Sequence
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

from configs.run import RunConfig
from tfrs_models.data import engine, sql
from tfrs_models.data.paths import literal
from tfrs_models.data.reading import ROW_NUMBER
from trainers.retraining.drift.findings import DriftReport
from trainers.retraining.drift.measure import measure_drift
from trainers.retraining.fresh import SEQUENCE
from trainers.retraining.intake.layout import rows_path
from trainers.retraining.ledger import shards
from trainers.retraining.ledger.shards import Shard
from trainers.retraining.work import Work

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

FILLED = "event_filled"
"""The column that the drift of the log has beside its own."""
_OPTIONAL = ("value", "position")
_ROWS = 500_000
"""Rows of either side at most, the newest ones."""


def measured_drift(
    log: Path, learned: Sequence[Shard], new: Sequence[Shard], config: RunConfig
) -> DriftReport | None:
    """The new shards beside the latest learned ones; None where one of them has no rows.

    Both sides are read as one table, so that a column has one type in both; a column that the new
    shards lack has no values there.
    """
    before, now = _needed(learned), _needed(new)
    if not (before and now):
        return None
    memory = config.data.memory_limit_mib
    with engine.opened(memory, log) as (connection, _), engine.reading("files"):
        columns = _columns(connection, log, before)
        both = _files(log, [*before, *now])
        reference, current = (_read(connection, both, side, columns) for side in (before, now))
    return measure_drift(with_filled(reference), with_filled(current), config.retraining.drift)


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
    return measured_drift(work.state.log, learned, new, work.config)


def moved(report: DriftReport) -> tuple[str, ...]:
    """The columns that moved too far, each once.

    How many rows the days have does not count: of a day that has not ended there are always few.
    """
    columns = [one.column for one in report.columns if one.verdict != "ok"]
    rates = [one.column for one in report.rates if one.verdict != "ok"]
    return tuple(dict.fromkeys([*columns, *rates]))


def _needed(found: Sequence[Shard]) -> list[Shard]:
    """The shards that may hold one of the newest rows.

    The shards that begin last and have rows enough bound the time of all of these from below.
    """
    with_rows = [(shard.first_us, shard) for shard in found if shard.first_us is not None]
    rows = 0
    for start, shard in sorted(with_rows, key=itemgetter(0), reverse=True):
        rows += shard.accepted
        if rows >= _ROWS:
            return [one for _, one in with_rows if one.last_us is None or one.last_us >= start]
    return [one for _, one in with_rows]


def _files(log: Path, found: Sequence[Shard]) -> str:
    """SQL of the rows of shards, one column for all that have the same name."""
    files = sql.texts(literal(rows_path(log, shard.stem)) for shard in found)
    return sql.fill(
        "read_parquet([$files], union_by_name = true, $number = true)",
        files=files,
        number=ROW_NUMBER,
    )


def _columns(
    connection: "duckdb.DuckDBPyConnection", log: Path, found: Sequence[Shard]
) -> list[str]:
    """What the shards hold, without the column of the log itself."""
    described = sql.rows(connection, "DESCRIBE FROM $files", files=_files(log, found))
    return [str(row[0]) for row in described if row[0] not in (SEQUENCE, ROW_NUMBER)]


def _read(
    connection: "duckdb.DuckDBPyConnection",
    files: str,
    side: Sequence[Shard],
    columns: Sequence[str],
) -> "pa.Table":
    """The newest rows; of rows of one time those that came last.

    Their first time is found beforehand in that column alone, so that old rows are not read whole.
    """
    rows = connection.sql(
        sql.fill(
            """
            WITH side AS NOT MATERIALIZED (FROM $files WHERE $sequence IN ($sequences))
            SELECT $columns FROM side
            WHERE "timestamp" >= (
                SELECT min("timestamp")
                FROM (SELECT "timestamp" FROM side ORDER BY "timestamp" DESC LIMIT $limit))
            ORDER BY "timestamp" DESC, $sequence DESC, $number DESC LIMIT $limit
            """,
            columns=sql.names(columns),
            files=files,
            sequence=SEQUENCE,
            number=ROW_NUMBER,
            sequences=", ".join(str(shard.sequence) for shard in side),
            limit=_ROWS,
        )
    )
    return rows.to_arrow_table()
