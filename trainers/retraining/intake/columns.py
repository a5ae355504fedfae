"""The columns of a shard. One that changes its kind would make the whole log unreadable.

Numbers of any width are of one kind, as are times with and without a zone, and lists of anything. A
free column that a file leaves empty says nothing about its kind, so the shard does not have it.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from configs.errors import DataError
from tfrs_models.data import sql
from tfrs_models.data.paths import literal
from tfrs_models.data.tables import FILTER_COLUMN, SOURCE_COLUMNS
from tfrs_models.data.validate import EVENTS

if TYPE_CHECKING:
    import duckdb

_BOOKKEEPING = (*SOURCE_COLUMNS, FILTER_COLUMN, "tfrs_reason", "tfrs_record")
_CANONICAL = ("user_id", "item_id", "event_time", "event_type", "value", "position")
_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE")


def data_columns(connection: "duckdb.DuckDBPyConnection") -> dict[str, str]:
    """The columns of `checked_events` that are data, and their types."""
    types = sql.column_types(connection, EVENTS)
    return {name: kind for name, kind in types.items() if name not in _BOOKKEEPING}


def shard_columns(connection: "duckdb.DuckDBPyConnection") -> dict[str, str]:
    """The canonical columns, and the free ones that are not empty, with their types."""
    types = data_columns(connection)
    counts = sql.rows(
        connection,
        "SELECT $counts FROM $events",
        counts=", ".join(sql.fill("count($c)", c=sql.name(name)) for name in types),
        events=EVENTS,
    )[0]
    filled = dict(zip(types, counts, strict=True))
    return {name: kind for name, kind in types.items() if name in _CANONICAL or filled[name]}


def refuse_other_kinds(connection: "duckdb.DuckDBPyConnection", former: Sequence[Path]) -> None:
    """Check that the free columns are of the kinds that they have in the log.

    Args:
        connection: with the judged events of a file.
        former: accepted rows of the former shards, in order of sequence.

    Raises:
        DataError: one is not.
    """
    types = shard_columns(connection)
    for name, kind in _in_log(connection, former, [n for n in types if n not in _CANONICAL]):
        if _kind(types[name]) != _kind(kind):
            raise DataError(
                f"its column `{name}` is {types[name]}, and in the log it is {kind}: convert the "
                "file, or give the column another name with `data.files.event_table.columns`"
            )


def _in_log(
    connection: "duckdb.DuckDBPyConnection", former: Sequence[Path], names: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Column and type, from the newest shard that has it; mostly that is the last one of all."""
    wanted = set(names)
    for path in reversed(former):
        if not wanted:
            return
        types = _types(connection, path)
        for name in wanted & types.keys():
            yield name, types[name]
        wanted -= types.keys()


def _types(connection: "duckdb.DuckDBPyConnection", path: Path) -> Mapping[str, str]:
    found = sql.rows(connection, "DESCRIBE FROM read_parquet($path)", path=sql.text(literal(path)))
    return {str(row[0]): str(row[1]) for row in found}


def _kind(of: str) -> str:
    """What a DuckDB type has in common with those that a union makes one type of."""
    if of.endswith("]"):
        return "list"
    if of.removeprefix("U") in _NUMBERS or of.startswith("DECIMAL"):
        return "number"
    return of.partition("(")[0] if not of.startswith("TIMESTAMP") else "TIMESTAMP"
