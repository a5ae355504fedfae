"""Check every row of a source inside DuckDB; what breaks a rule is quarantined, never lost."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from configs.data import DataConfig
from configs.errors import DataError
from tfrs_models.data import cells, faults, sql, times
from tfrs_models.data.suggest import missing_columns
from tfrs_models.data.tables import (
    FILTER_COLUMN,
    REQUIRED_EVENT_COLUMNS,
    SOURCE_COLUMNS,
    RawTables,
)

if TYPE_CHECKING:
    import duckdb

EVENTS = "checked_events"
INTERNAL_COLUMNS = (
    "user_row",
    "item_row",
    "event_time",
    "event_weight",
    "event_ordinal",
    "event_type_code",
)
PREFIX = "tfrs_"
DEFAULT_TYPE = {"implicit": "event", "explicit": "rating"}
PLAIN_COLUMNS = ("user_id", "item_id", "timestamp", "event_type", "value", "position")


def check_events(
    connection: "duckdb.DuckDBPyConnection", raw: RawTables, config: DataConfig, now: float
) -> None:
    """Create the table `checked_events`: every row in source order, in canonical form.

    Columns: `user_id`, `item_id`, `event_type` VARCHAR, `event_time` BIGINT (microseconds since
    1970 UTC), `value` FLOAT, `position` SMALLINT, the free columns; `filtered_by`, `reason` and
    `record` VARCHAR, NULL for rows to keep; `source_file`, `source_row`.

    Args:
        connection: where `raw` lives.
        raw: the source's relations.
        config: the rules.
        now: seconds since 1970 UTC, from which on the future begins.

    Raises:
        DataError: a column is missing, or has a name of our own.
    """
    types = sql.column_types(connection, raw.events)
    _check_columns(raw, types)
    latest = int((now + config.validation.max_future_seconds) * 1e6)
    clock = times.microseconds(connection, raw.events, "timestamp", raw.timestamp_format)
    sql.run(
        connection,
        """
        CREATE TABLE $table AS
        SELECT $columns, $filtered AS filtered_by, $origin, tfrs_broken AS tfrs_reason,
               CASE WHEN tfrs_broken IS NOT NULL AND $filtered IS NULL
                    THEN to_json($record)::VARCHAR END AS tfrs_record
        FROM (SELECT *, $reason AS tfrs_broken
              FROM (SELECT *, $user AS tfrs_user, $item AS tfrs_item, $time AS tfrs_time,
                           $value AS tfrs_value, $position AS tfrs_position FROM $events))
        """,
        table=EVENTS,
        columns=_canonical_columns(types, config),
        filtered=FILTER_COLUMN if FILTER_COLUMN in types else "NULL::VARCHAR",
        origin=origin(types),
        record=record(types),
        reason=_reason(types, latest),
        user=cells.identity("user_id", types["user_id"]),
        item=cells.identity("item_id", types["item_id"]),
        time=clock,
        value=_optional_number(types, "value", "DOUBLE"),
        position=_optional_number(types, "position", "BIGINT"),
        events=sql.name(raw.events),
    )


def _check_columns(raw: RawTables, types: Mapping[str, str]) -> None:
    missing_columns("events", REQUIRED_EVENT_COLUMNS, types)
    missing_columns("events", (*raw.item_columns, *raw.user_columns), types)
    refuse_reserved("the events", types, INTERNAL_COLUMNS)


def refuse_reserved(where: str, columns: Iterable[str], reserved: Sequence[str]) -> None:
    """Check that no column has a name of our own.

    Raises:
        DataError: one has.
    """
    for column in columns:
        if column in reserved or column.startswith(PREFIX):
            raise DataError(
                f"{where} have a column `{column}`, a name that the prepared dataset needs: rename "
                f"it with `columns` of the source, such as `columns: {{my_name: {column}}}`"
            )


def _reason(types: Mapping[str, str], latest: int) -> str:
    rules = faults.unreadable(free_and_plain(types))
    rules += faults.of_id("user_id", "tfrs_user") + faults.of_id("item_id", "tfrs_item")
    rules += faults.of_time("tfrs_time", types["timestamp"], latest)
    if "value" in types:
        rules += faults.of_value("tfrs_value", types["value"])
    if "position" in types:
        rules += faults.of_position("tfrs_position", types["position"])
    return faults.first_reason(rules)


def _optional_number(types: Mapping[str, str], column: str, target: str) -> str:
    if column not in types:
        return sql.fill("NULL::$target", target=target)
    return cells.number(column, types[column], target)


def _canonical_columns(types: Mapping[str, str], config: DataConfig) -> str:
    default = sql.text(DEFAULT_TYPE[config.events.feedback])
    kind = cells.clean_text("event_type", types["event_type"]) if "event_type" in types else "NULL"
    free = [c for c in free_and_plain(types) if c not in PLAIN_COLUMNS]
    return ", ".join(
        [
            "tfrs_user AS user_id",
            "tfrs_item AS item_id",
            "tfrs_time AS event_time",
            sql.fill("coalesce($kind, $default) AS event_type", kind=kind, default=default),
            "TRY_CAST(tfrs_value AS FLOAT) AS value",
            "TRY_CAST(tfrs_position AS SMALLINT) AS position",
            *(clean_as(column, types[column]) for column in free),
        ]
    )


def free_and_plain(types: Mapping[str, str]) -> dict[str, str]:
    """The columns that are data: all but provenance and filters."""
    return {c: k for c, k in types.items() if c not in (*SOURCE_COLUMNS, FILTER_COLUMN)}


def clean_as(column: str, kind: str) -> str:
    """`<cleaned column> AS <column>`."""
    quoted = sql.name(column)
    return sql.fill("$cell AS $column", cell=cells.clean(quoted, kind), column=quoted)


def origin(types: Mapping[str, str]) -> str:
    """The provenance columns, NULL where the source has none."""
    file, row = (column if column in types else "NULL" for column in SOURCE_COLUMNS)
    return sql.fill("$file::VARCHAR AS source_file, $row::BIGINT AS source_row", file=file, row=row)


def record(types: Mapping[str, str]) -> str:
    """A struct of the data columns, for the quarantine."""
    fields = ", ".join(
        sql.fill("$key: $column", key=sql.text(column), column=sql.name(column))
        for column in free_and_plain(types)
    )
    return "{" + fields + "}"
