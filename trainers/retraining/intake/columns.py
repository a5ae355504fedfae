"""The columns of a shard. One that training cannot read beside the others would end every run.

Numbers of any width are of one kind, as are times with and without a zone, and lists: these may
change from file to file as long as DuckDB can read all of them in one type. A free column that a
file leaves empty says nothing about its kind, so the shard does not have it.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from configs.errors import DataError
from tfrs_models.data import sql
from tfrs_models.data.paths import literal
from tfrs_models.data.tables import FILTER_COLUMN, SOURCE_COLUMNS
from tfrs_models.data.validate import EVENTS
from trainers.retraining.intake.former import Former

if TYPE_CHECKING:
    import duckdb

_BOOKKEEPING = (*SOURCE_COLUMNS, FILTER_COLUMN, "tfrs_reason", "tfrs_record")
_CANONICAL = ("user_id", "item_id", "event_time", "event_type", "value", "position")
_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_NUMBERS = {*_INTEGERS, *(f"U{kind}" for kind in _INTEGERS), "FLOAT", "DOUBLE"}


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


def log_columns(connection: "duckdb.DuckDBPyConnection", files: Sequence[Path]) -> dict[str, str]:
    """The columns of the log, by name in lower case, and the types that training reads."""
    if not files:
        return {}
    return _types(connection, sql.fill("FROM $log", log=_log(files)))


def united_columns(connection: "duckdb.DuckDBPyConnection", former: Former) -> dict[str, str]:
    """The columns of the log with those of a file, as training reads them.

    Args:
        connection: with the judged events of the file.
        former: what came before it.

    Raises:
        DataError: a free column is of another kind than in the log, or its values and those of the
            log do not go into one column.
    """
    own = shard_columns(connection)
    united = _united(connection, former.columns, own)
    for name, kind in own.items():
        before = former.columns.get(name.lower(), kind)
        alike = kind == before or (
            _kind(kind) == _kind(before) and _fits(connection, former, name, united[name.lower()])
        )
        if not alike:
            raise DataError(
                f"its column `{name}` is {kind}, and in the log it is {before}: convert the file, "
                "or give the column another name with `data.files.event_table.columns`"
            )
    return united


def _united(
    connection: "duckdb.DuckDBPyConnection", log: Mapping[str, str], own: Mapping[str, str]
) -> dict[str, str]:
    """The types that DuckDB reads where files have columns of both."""
    sides = (
        "SELECT " + ", ".join(f"NULL::{kind} AS {sql.name(name)}" for name, kind in side.items())
        for side in (log, own)
        if side
    )
    return _types(connection, " UNION ALL BY NAME ".join(sides))


def _types(connection: "duckdb.DuckDBPyConnection", query: str) -> dict[str, str]:
    found = sql.rows(connection, "DESCRIBE $query", query=query)
    return {str(row[0]).lower(): str(row[1]) for row in found}


def _log(files: Sequence[Path]) -> str:
    return sql.fill(
        "read_parquet([$files], union_by_name = true)",
        files=sql.texts(literal(path) for path in files),
    )


def _fits(connection: "duckdb.DuckDBPyConnection", former: Former, name: str, united: str) -> bool:
    """Whether the values of a column, in the file and in the log, can be read in the united type.

    Any number is also a float or a wide integer. Otherwise the values are looked at: a decimal may
    have too many digits, a time may lie beyond the years that nanoseconds reach.
    """
    import duckdb

    if united in _NUMBERS:
        return True
    sides = [EVENTS]
    if united != former.columns[name.lower()]:
        sides.append(_log([path for path, _ in former.files]))
    try:
        for side in sides:
            sql.run(
                connection,
                "SELECT bit_xor(hash($column::$type)) FROM $side",
                column=sql.name(name),
                type=united,
                side=side,
            )
    except (duckdb.DataError, duckdb.ProgrammingError):
        return False
    return True


def _kind(of: str) -> str:
    """What a DuckDB type has in common with those that may be mixed with it."""
    if of.endswith("]"):
        return "list"
    if of in _NUMBERS or of.startswith("DECIMAL"):
        return "number"
    return of.partition("(")[0] if not of.startswith("TIMESTAMP") else "TIMESTAMP"
