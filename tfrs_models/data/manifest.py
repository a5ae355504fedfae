"""Figures of a dataset that is being prepared."""

from typing import TYPE_CHECKING, Any

from tfrs_models.data import sql, times
from tfrs_models.data.assignment import CODES
from tfrs_models.data.tables import RawTables

if TYPE_CHECKING:
    import duckdb


def window(connection: "duckdb.DuckDBPyConnection") -> dict[str, Any]:
    """First and last moment of the events, in microseconds since 1970 and in ISO 8601 UTC."""
    first, last = sql.rows(connection, "SELECT min(event_time), max(event_time) FROM split_events")[
        0
    ]
    return {
        "start": times.to_iso(first),
        "end": times.to_iso(last),
        "start_us": first,
        "end_us": last,
    }


def counts(connection: "duckdb.DuckDBPyConnection") -> dict[str, dict[str, int]]:
    """Events, positives, users and items of each part of the split."""
    found = sql.rows(
        connection,
        """
        SELECT split, count(*), count(*) FILTER (event_weight > 0) FROM split_events GROUP BY split
        """,
    )
    by_code = {code: figures for code, *figures in found}
    return {
        part: _part(connection, part, by_code.get(code, [0, 0])) for part, code in CODES.items()
    }


def _part(connection: "duckdb.DuckDBPyConnection", part: str, figures: list[int]) -> dict[str, int]:
    users, items = (
        sql.value(
            connection,
            "SELECT count(*) FROM $table WHERE $events > 0",
            table=sql.name(f"{key}_rows"),
            events=sql.name(f"{part}_events"),
        )
        for key in ("user_id", "item_id")
    )
    events, positives = figures
    return {"events": events, "positives": positives, "users": users, "items": items}


def missing_entities(connection: "duckdb.DuckDBPyConnection", raw: RawTables) -> dict[str, int]:
    """Events whose item or user stands in no row of the source's table; they are kept."""
    found = {}
    for key, label, relation in (("item_id", "items", raw.items), ("user_id", "users", raw.users)):
        if relation is not None:
            found[f"events_without_{label}_row"] = int(
                sql.value(
                    connection,
                    "SELECT count(*) FROM split_events ANTI JOIN $table USING ($key)",
                    table=f"checked_{label}",
                    key=key,
                )
            )
    return found
