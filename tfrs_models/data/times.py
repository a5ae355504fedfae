"""Any way to write a time, as microseconds since 1970-01-01 UTC. Times without a zone are UTC."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tfrs_models.data import sql

if TYPE_CHECKING:
    import duckdb

MICROSECONDS = {"s": 1_000_000.0, "ms": 1_000.0, "us": 1.0, "ns": 0.001}
UNIT_LIMITS = {"s": 1e11, "ms": 1e14, "us": 1e17}
"""Times from 1973 to 5138 are below the limit of their own unit and above that of a larger one."""
SAMPLE_ROWS = 10_000
HOUR = 3_600 * 1_000_000
DAY = 24 * HOUR


def microseconds(
    connection: "duckdb.DuckDBPyConnection", relation: str, column: str, form: str
) -> str:
    """SQL expression of a time column in microseconds; NULL where a value cannot be read.

    Args:
        connection: where `relation` lives.
        relation: name of the table or view.
        column: name of its time column.
        form: `auto`, an epoch unit (`s`, `ms`, `us`, `ns`) or a strptime format.
    """
    kind = sql.column_types(connection, relation)[column]
    quoted = sql.name(column)
    if kind == "TIMESTAMP WITH TIME ZONE":
        return sql.fill("TRY(epoch_us($column))", column=quoted)
    if kind == "DATE" or kind.startswith("TIMESTAMP"):
        return sql.fill("TRY(epoch_us($column::TIMESTAMP))", column=quoted)
    if form == "auto":
        form = _detect(connection, relation, quoted)
    if form in MICROSECONDS:
        return _epoch(quoted, form)
    if form == "iso":
        return sql.fill("epoch_us(TRY_CAST($column AS TIMESTAMPTZ))", column=quoted)
    return sql.fill(
        "epoch_us(try_strptime($column::VARCHAR, $form)::TIMESTAMPTZ)",
        column=quoted,
        form=sql.text(form),
    )


def _epoch(column: str, unit: str) -> str:
    return sql.fill(
        "TRY_CAST(round(TRY_CAST($column AS DOUBLE) * $factor) AS BIGINT)",
        column=column,
        factor=MICROSECONDS[unit],
    )


def _detect(connection: "duckdb.DuckDBPyConnection", relation: str, column: str) -> str:
    """The unit of the median of the first rows; `iso` when most of them are no numbers."""
    count, numbers, median = sql.rows(
        connection,
        """
        SELECT count(*), count(number), median(abs(number))
        FROM (SELECT TRY_CAST($column AS DOUBLE) AS number FROM $relation
              WHERE $column IS NOT NULL LIMIT $limit)
        """,
        column=column,
        relation=sql.name(relation),
        limit=SAMPLE_ROWS,
    )[0]
    if 2 * numbers < count or not count:
        return "iso"
    return next((unit for unit, limit in UNIT_LIMITS.items() if median < limit), "ns")


def to_iso(time: int) -> str:
    """Write microseconds since 1970 as ISO 8601 in UTC."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time)).isoformat()


def from_datetime(moment: datetime) -> int:
    """Microseconds since 1970 of a moment; without a zone it is UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
