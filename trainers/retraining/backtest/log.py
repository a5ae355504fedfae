"""The valid events of a run's source, written once and cut at the steps."""

import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from configs import plugins
from configs.data import DataConfig
from tfrs_models import durable
from tfrs_models.data import engine, sql
from tfrs_models.data.clean import clean
from tfrs_models.data.paths import literal
from tfrs_models.data.tables import FILTER_COLUMN, SOURCE_COLUMNS, RawTables
from trainers.retraining.backtest.steps import Step

if TYPE_CHECKING:
    import duckdb

EVENTS = "events.parquet"
_COLUMNS = "columns.json"
_LONG_AGO = -(2**62)
_BY_TIME = """
SELECT * EXCLUDE (event_time, event_ordinal), make_timestamp(event_time) AS "timestamp"
FROM valid_events ORDER BY event_time, event_ordinal
"""
_BOOKKEEPING = (*SOURCE_COLUMNS, FILTER_COLUMN, "tfrs_reason", "tfrs_record")


@dataclass(frozen=True)
class Columns:
    """Columns of the events that describe something else.

    Attributes:
        item_columns: those of the item.
        user_columns: those of the user.
    """

    item_columns: tuple[str, ...]
    user_columns: tuple[str, ...]


def write_log(config: DataConfig, seed: int, folder: Path) -> None:
    """Write valid events in the order of time, and items and users if the source has them.

    Args:
        config: the data settings.
        seed: of the source.
        folder: complete or absent; nothing is done where it is there.

    Raises:
        DataError: the data break a rule that stops a run.
    """
    if folder.exists():
        return
    source = plugins.load("source", config.source)
    with (
        durable.new_folder(folder) as unfinished,
        engine.opened(config.memory_limit_mib, folder.parent) as (connection, work),
    ):
        with engine.reading(config.source):
            raw: RawTables = source.read(config.source_options, connection, work, seed)
            clean(connection, raw, config, work / "quarantine.parquet")
        _write_tables(connection, raw, unfinished)


def _write_tables(connection: "duckdb.DuckDBPyConnection", raw: RawTables, folder: Path) -> None:
    _copy(connection, _BY_TIME, folder / EVENTS)
    for label, relation in (("items", raw.items), ("users", raw.users)):
        if relation is not None:
            table = f"checked_{label}"
            kept = [c for c in sql.column_types(connection, table) if c not in _BOOKKEEPING]
            rows = sql.fill("SELECT $columns FROM $table", columns=sql.names(kept), table=table)
            _copy(connection, rows, folder / f"{label}.parquet")
    columns = Columns(raw.item_columns, raw.user_columns)
    (folder / _COLUMNS).write_text(json.dumps(asdict(columns)), encoding="utf-8")


def read_columns(log: Path) -> Columns:
    """Which columns of the events of a log describe items and users."""
    raw = json.loads((log / _COLUMNS).read_text(encoding="utf-8"))
    return Columns(tuple(raw["item_columns"]), tuple(raw["user_columns"]))


def last_event(log: Path) -> int:
    """Time of the last event of a log, microseconds since 1970 UTC."""
    with closing(_reader(log)) as connection:
        return int(sql.value(connection, 'SELECT max(epoch_us("timestamp")) FROM events'))


def positives(log: Path, steps: Sequence[Step]) -> list[int]:
    """Positive events before the first step, and in each of them."""
    edges = (steps[0].start, *(step.end for step in steps))
    places = enumerate(edges)
    with closing(_reader(log)) as connection:
        found = dict(
            sql.rows(
                connection,
                """
                SELECT CASE $cases END, count(*)
                FROM (SELECT epoch_us("timestamp") AS moment FROM events WHERE event_weight > 0)
                GROUP BY ALL
                """,
                cases=" ".join(f"WHEN moment < {edge} THEN {place}" for place, edge in places),
            )
        )
    return [int(found.get(place, 0)) for place in range(len(edges))]


def cut(log: Path, steps: Sequence[Step], folder: Path) -> None:
    """Write what came before the first step as `0000.parquet`, and each step by its number.

    Args:
        log: see `write_log`.
        steps: they follow each other.
        folder: complete or absent; nothing is done where it is there.
    """
    if folder.exists():
        return
    with durable.new_folder(folder) as unfinished, closing(_reader(log)) as connection:
        for step in (Step(0, _LONG_AGO, steps[0].start), *steps):
            rows = sql.fill(
                """
                SELECT * EXCLUDE (event_weight) FROM events
                WHERE epoch_us("timestamp") >= $start AND epoch_us("timestamp") < $end
                """,
                start=step.start,
                end=step.end,
            )
            _copy(connection, rows, unfinished / cut_name(step.number))


def cut_name(number: int) -> str:
    """File of a step's events."""
    return f"{number:04}.parquet"


def _reader(log: Path) -> "duckdb.DuckDBPyConnection":
    """A database with the view `events`."""
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.read_parquet(literal(log / EVENTS)).create_view("events")
    return connection


def _copy(connection: "duckdb.DuckDBPyConnection", query: str, path: Path) -> None:
    sql.run(
        connection,
        "COPY ($query) TO $path (FORMAT parquet)",
        query=query,
        path=sql.text(path.as_posix()),
    )
