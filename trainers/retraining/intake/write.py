"""Write what was judged: each file appears whole, and the record of a shard last."""

from pathlib import Path
from typing import TYPE_CHECKING

from tfrs_models import durable
from tfrs_models.data import quarantine, sql
from tfrs_models.data.validate import EVENTS
from trainers.retraining.intake.columns import shard_columns
from trainers.retraining.intake.judge import SEQUENCE_COLUMN
from trainers.retraining.intake.layout import aside_path, record_path, rows_path
from trainers.retraining.ledger import records
from trainers.retraining.ledger.records import ShardRecord
from trainers.retraining.ledger.shards import Shard

if TYPE_CHECKING:
    import duckdb


def write_shard(connection: "duckdb.DuckDBPyConnection", log: Path, shard: Shard) -> None:
    """Write the accepted rows, the rows put aside and the record of a judged file."""
    if shard.late + shard.quarantined:
        write_aside(connection, aside_path(log, shard.stem))
    with durable.new_file(rows_path(log, shard.stem)) as unfinished:
        _write_rows(connection, shard.sequence, unfinished)
    records.write(record_path(log, shard.stem), ShardRecord(shard))


def write_aside(connection: "duckdb.DuckDBPyConnection", path: Path) -> None:
    """Write the rows put aside, with `source_file`, `source_row`, `reason` and `record`."""
    path.parent.mkdir(exist_ok=True)
    with durable.new_file(path) as unfinished:
        quarantine.write(connection, unfinished)


def _write_rows(connection: "duckdb.DuckDBPyConnection", sequence: int, path: Path) -> None:
    columns = [
        'make_timestamp(event_time) AS "timestamp"' if name == "event_time" else sql.name(name)
        for name in shard_columns(connection)
    ]
    sql.run(
        connection,
        """
        COPY (SELECT $columns, $sequence::INTEGER AS $name FROM $events ORDER BY rowid)
        TO $path (FORMAT parquet)
        """,
        columns=", ".join(columns),
        sequence=sequence,
        name=SEQUENCE_COLUMN,
        events=EVENTS,
        path=sql.text(path.as_posix()),
    )
