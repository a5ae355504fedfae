"""Judge every row of one event file: accepted, duplicate, late, or broken.

A row is judged in this order, by the first rule that it breaks:

1. a declared filter drops it, and it is not counted;
2. it is broken, or dated later than now: quarantined;
3. the log has it already, or an earlier row of the file equals it: a duplicate;
4. it is older than the watermark allows: late.

Duplicates come before late rows, so that a file that has grown since it was taken in is not
refused for its old rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from configs.data import DataConfig
from configs.intake import IntakeConfig
from tfrs_models.data import cells, quarantine, reading, sql, validate
from tfrs_models.data.paths import literal
from tfrs_models.data.sources import files
from tfrs_models.data.suggest import missing_columns
from tfrs_models.data.validate import EVENTS
from trainers.retraining.intake.columns import data_columns
from trainers.retraining.intake.former import Former

if TYPE_CHECKING:
    import duckdb

SEQUENCE_COLUMN = "shard_sequence"
HOUR_US = 3_600_000_000
LATE = "older than the allowed lateness"

_KNOWN = "known_events"
_EQUAL = ("event_time", "user_id", "item_id", "event_type", "value")
"""What equal events have in common; the most telling first."""


@dataclass(frozen=True)
class Counts:
    """What became of the rows of one file.

    Attributes:
        read: all rows, with those that filters drop.
        filtered: rows that filters drop.
        accepted: rows for the log, left in the table `checked_events`.
        duplicates: rows that are known.
        late: rows in the quarantine that are too old.
        quarantined: broken rows in the quarantine.
        first_us: first accepted event, microseconds since 1970 UTC; None where there is none.
        last_us: last accepted event.
    """

    read: int
    filtered: int
    accepted: int
    duplicates: int
    late: int
    quarantined: int
    first_us: int | None
    last_us: int | None

    @property
    def rows(self) -> int:
        """Rows without those that filters drop."""
        return self.read - self.filtered


def judge(
    connection: "duckdb.DuckDBPyConnection",
    path: Path,
    config: DataConfig,
    former: Former,
    now_us: int,
    settings: IntakeConfig,
) -> Counts:
    """Leave the accepted rows in `checked_events` and the others, but duplicates, in `quarantine`.

    Args:
        connection: an empty database.
        path: the file.
        config: how it is read and what a sound row is.
        former: what came before.
        now_us: microseconds since 1970 UTC.
        settings: what is late, and what is equal.

    Raises:
        DataError: a column is missing, or has a name of our own.
    """
    options = _alone(config, path)
    raw = files.read(options, connection, path.parent, seed=0)
    types = sql.column_types(connection, raw.events)
    validate.refuse_reserved("the events", types, (SEQUENCE_COLUMN, reading.ROW_NUMBER))
    validate.check_events(connection, raw, config, now_us / 1e6)
    read = _count(connection, EVENTS) + _count(connection, reading.REJECTS)
    quarantine.create(connection)
    if settings.event_id is not None:
        _check_event_id(connection, settings.event_id)
    filtered = quarantine.move_broken(connection, EVENTS, "events")
    bound = _late_before(former, settings)
    duplicates = _drop_known(connection, former, bound, settings.event_id)
    _move_late(connection, bound)
    quarantine.add_rejects(connection, reading.REJECTS)
    return _counts(connection, read, sum(filtered.values()), duplicates)


def _alone(config: DataConfig, path: Path) -> files.Options:
    """The source with one event file and no other table."""
    given = config.source_options.model_dump()
    return files.Options.model_validate({**given, "events": str(path), "items": (), "users": ()})


def _check_event_id(connection: "duckdb.DuckDBPyConnection", name: str) -> None:
    """Bring the column into the form of ids; a row without one is broken."""
    types = data_columns(connection)
    missing_columns("`event_id`: the events", [name], types)
    column = sql.name(name)
    sql.run(
        connection,
        "ALTER TABLE $events ALTER $column SET DATA TYPE VARCHAR USING $text",
        events=EVENTS,
        column=column,
        text=cells.identity(column, types[name]),
    )
    _mark(connection, f"missing {name}", sql.fill("$column IS NULL", column=column))


def _mark(connection: "duckdb.DuckDBPyConnection", reason: str, condition: str) -> None:
    """Give a reason to the rows without one that meet a condition; filtered ones have none."""
    sql.run(
        connection,
        """
        UPDATE $events SET tfrs_reason = $reason, tfrs_record = to_json($record)::VARCHAR
        WHERE tfrs_reason IS NULL AND filtered_by IS NULL AND ($condition)
        """,
        events=EVENTS,
        reason=sql.text(reason),
        record=validate.record(data_columns(connection)),
        condition=condition,
    )


def _late_before(former: Former, settings: IntakeConfig) -> int | None:
    """Events before this are late; None when none is."""
    if former.watermark_us is None:
        return None
    return former.watermark_us - int(settings.allowed_lateness_hours * HOUR_US)


def _drop_known(
    connection: "duckdb.DuckDBPyConnection",
    former: Former,
    bound: int | None,
    event_id: str | None,
) -> int:
    """Delete the rows that the log has and those that the file repeats; how many they were.

    The log is read from the file's first event on, and over the time in which events may come late.
    """
    first = sql.value(connection, "SELECT min(event_time) FROM $events", events=EVENTS)
    if first is None:
        return 0
    since = first if bound is None else min(first, bound)
    keys = _EQUAL if event_id is None else (event_id,)
    before = _count(connection, EVENTS)
    sql.run(
        connection,
        """
        DELETE FROM $events WHERE rowid IN (
            SELECT number FROM (
                SELECT number, row_number() OVER (PARTITION BY $keys ORDER BY number) AS place
                FROM (SELECT rowid AS number, $keys FROM $events $known))
            WHERE place > 1 AND number >= 0)
        """,
        events=EVENTS,
        keys=sql.names(keys),
        known=_known(connection, former, since, keys),
    )
    return before - _count(connection, EVENTS)


def _known(
    connection: "duckdb.DuckDBPyConnection", former: Former, since: int, keys: Sequence[str]
) -> str:
    """SQL that adds the rows of the log, numbered -1; nothing where the log has none."""
    read = [literal(path) for path, last in former.files if last >= since]
    if not read:
        return ""
    sql.run(
        connection,
        """
        CREATE VIEW $known AS SELECT *, epoch_us("timestamp") AS event_time
        FROM read_parquet([$files], union_by_name = true)
        """,
        known=_KNOWN,
        files=sql.texts(read),
    )
    if not set(keys) <= set(sql.column_types(connection, _KNOWN)):
        return ""  # the column that names events came later than these rows
    return sql.fill(
        """
        UNION ALL SELECT -1, $keys FROM $known
        WHERE event_time >= $since AND $telling IN (SELECT $telling FROM $events)
        """,
        keys=sql.names(keys),
        known=_KNOWN,
        since=since,
        telling=sql.name(keys[0]),  # a wrong date in the file must not sort the whole log
        events=EVENTS,
    )


def _move_late(connection: "duckdb.DuckDBPyConnection", bound: int | None) -> None:
    if bound is not None:
        _mark(connection, LATE, sql.fill("event_time < $bound", bound=bound))
        quarantine.move_broken(connection, EVENTS, "events")


def _counts(
    connection: "duckdb.DuckDBPyConnection", read: int, filtered: int, duplicates: int
) -> Counts:
    bad = quarantine.reasons(connection, "events")
    late = bad.pop(LATE, 0)
    accepted, first, last = sql.rows(
        connection,
        "SELECT count(*), min(event_time), max(event_time) FROM $events",
        events=EVENTS,
    )[0]
    return Counts(read, filtered, accepted, duplicates, late, sum(bad.values()), first, last)


def _count(connection: "duckdb.DuckDBPyConnection", table: str) -> int:
    return int(sql.value(connection, "SELECT count(*) FROM $table", table=sql.name(table)))
