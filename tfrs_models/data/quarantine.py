"""Where broken rows go, and when there are too many of them."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from configs.errors import DataError
from tfrs_models.data import sql

if TYPE_CHECKING:
    import duckdb

TABLE = "quarantine"


def create(connection: "duckdb.DuckDBPyConnection") -> None:
    """Create the empty quarantine."""
    sql.run(
        connection,
        """
        CREATE TABLE quarantine (table_name VARCHAR, source_file VARCHAR, source_row BIGINT,
                                 reason VARCHAR, record VARCHAR)
        """,
    )


def add_rejects(connection: "duckdb.DuckDBPyConnection", rejects: str) -> None:
    """Add the lines that the source could not turn into rows.

    They were not counted when the rows of their files were numbered: move later rows down by the
    rejected lines before them, so that every quarantined row has its true line.
    """
    sql.run(
        connection,
        """
        CREATE OR REPLACE TABLE quarantine AS
        SELECT table_name, source_file, source_row + coalesce(before, 0) AS source_row, reason,
               record
        FROM quarantine ASOF LEFT JOIN (
            SELECT source_file, slot AS source_row, max(place) + 1 AS before FROM (
                SELECT source_file, place, source_row - place AS slot FROM (
                    SELECT source_file, source_row,
                           row_number() OVER (PARTITION BY source_file ORDER BY source_row) - 1
                               AS place
                    FROM $rejects))
            GROUP BY source_file, slot
        ) AS rejected USING (source_file, source_row)
        UNION ALL
        SELECT table_name, source_file, source_row, reason, record FROM $rejects
        """,
        rejects=sql.name(rejects),
    )


def move_broken(connection: "duckdb.DuckDBPyConnection", table: str, label: str) -> dict[str, int]:
    """Move broken rows of a checked table to the quarantine and delete filtered ones.

    Returns:
        Rows dropped by each declared filter.
    """
    filtered = sql.rows(
        connection,
        """
        SELECT filtered_by, count(*) FROM $table WHERE filtered_by IS NOT NULL
        GROUP BY filtered_by ORDER BY filtered_by
        """,
        table=table,
    )
    sql.run(
        connection,
        """
        INSERT INTO quarantine
        SELECT $label, source_file, source_row, tfrs_reason, tfrs_record FROM $table
        WHERE tfrs_reason IS NOT NULL AND filtered_by IS NULL ORDER BY rowid
        """,
        table=table,
        label=sql.text(label),
    )
    sql.run(
        connection,
        "DELETE FROM $table WHERE tfrs_reason IS NOT NULL OR filtered_by IS NOT NULL",
        table=table,
    )
    return dict(filtered)


def reasons(connection: "duckdb.DuckDBPyConnection", label: str) -> dict[str, int]:
    """Quarantined rows of one table by reason, the most frequent first."""
    return dict(
        sql.rows(
            connection,
            """
            SELECT reason, count(*) FROM quarantine WHERE table_name = $label
            GROUP BY reason ORDER BY count(*) DESC, reason
            """,
            label=sql.text(label),
        )
    )


def write(connection: "duckdb.DuckDBPyConnection", path: Path) -> None:
    """Write the quarantine to a Parquet file."""
    sql.run(connection, "COPY quarantine TO $path (FORMAT parquet)", path=sql.text(path.as_posix()))


def check_share(
    bad: Mapping[str, int], valid: int, max_share: float, first: str, path: Path
) -> None:
    """Check that not too many events are broken.

    Args:
        bad: quarantined events by reason, the most frequent first.
        valid: events that are left.
        max_share: largest share that is allowed.
        first: an example, for the message.
        path: where the quarantine lies, for the message.

    Raises:
        DataError: there are more.
    """
    broken = sum(bad.values())
    if broken <= max_share * (broken + valid):
        return
    top = ", ".join(f"{reason} ({count:,})" for reason, count in list(bad.items())[:3])
    raise DataError(
        f"{broken:,} of {broken + valid:,} events are broken, more than "
        f"`data.validation.max_bad_share` = {max_share} allows: {top}. First: {first}. "
        f"The rows and reasons are in {path}. Mend the data or the column mapping, drop the rows "
        "with a declared filter, or raise `max_bad_share`."
    )


def example(connection: "duckdb.DuckDBPyConnection") -> str:
    """The place of the first quarantined event."""
    found = sql.rows(
        connection,
        """
        SELECT source_file, source_row, reason FROM quarantine WHERE table_name = 'events'
        ORDER BY source_file, source_row LIMIT 1
        """,
    )
    return "".join(f"{file}, row {row}, {reason}" for file, row, reason in found)
