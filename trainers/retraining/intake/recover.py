"""Make log and ledger agree again after a process that died.

A shard's files are written one after the other, its record last and then its row in the ledger. So
a crash leaves at most one shard that the ledger does not have, with the next sequence: complete if
its record is there. Anything else means that log and ledger are not of the same time.
"""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from configs.errors import ArtifactError
from tfrs_models import durable
from trainers.retraining.intake.layout import (
    REFUSED,
    SHARDS,
    aside_folder,
    aside_path,
    record_path,
    rows_path,
)
from trainers.retraining.ledger import records, runs, shards
from trainers.retraining.ledger.database import WAY_OUT, transaction
from trainers.retraining.ledger.rebuild import SHARD_RECORDS
from trainers.retraining.ledger.records import ShardRecord
from trainers.retraining.ledger.shards import Shard


def recover(connection: sqlite3.Connection, log: Path, run_id: str) -> tuple[Shard, ...]:
    """Take the complete shard of a crash into the ledger, and remove an incomplete one.

    Call it with the lock of the log held.

    Returns:
        The shard taken in, if there is one.

    Raises:
        ArtifactError: log and ledger do not belong together.
    """
    for folder in (log, aside_folder(log)):
        durable.remove_unfinished(folder)
    for path in aside_folder(log).glob(REFUSED):
        path.unlink()
    known = shards.all_shards(connection)
    _refuse_missing(log, known)
    strays = _strays(log, known)
    if len(strays) > 1 or not all(_is_next(connection, stem) for stem in strays):
        raise ArtifactError(
            f"the log {log} has files of {len(strays):,} shards that the ledger does not have, "
            f"the first is {strays[0]}; a crash leaves those of the next one alone. The ledger is "
            f"older than the log, or another's: put it back from a copy, or {WAY_OUT}."
        )
    return tuple(shard for stem in strays for shard in _settle(connection, log, run_id, stem))


def note(connection: sqlite3.Connection, run_id: str, shard: Shard) -> None:
    """Note a shard and the run that has taken it in."""
    with transaction(connection):
        shards.add(connection, shard)
        runs.add_shards(connection, run_id, [shard.sha256])


def _refuse_missing(log: Path, known: Sequence[Shard]) -> None:
    for shard in known:
        rows = rows_path(log, shard.stem)
        if not rows.is_file():
            raise ArtifactError(
                f"the log does not hold {rows}, the accepted rows of {shard.name}: put it back "
                "from a copy."
            )


def _strays(log: Path, known: Sequence[Shard]) -> list[str]:
    """Stems of files in the log whose shard the ledger does not have."""
    found = [*log.glob(SHARDS), *log.glob(SHARD_RECORDS), *aside_folder(log).glob(SHARDS)]
    return sorted({path.stem for path in found} - {shard.stem for shard in known})


def _is_next(connection: sqlite3.Connection, stem: str) -> bool:
    return stem.startswith(f"{shards.last_sequence(connection) + 1:06d}-")


def _settle(connection: sqlite3.Connection, log: Path, run_id: str, stem: str) -> tuple[Shard, ...]:
    """Take in a shard with a record; remove the files of one without."""
    record = record_path(log, stem)
    if not record.exists():
        for path in (rows_path(log, stem), aside_path(log, stem)):
            path.unlink(missing_ok=True)
        return ()
    shard = records.read(record, ShardRecord).shard
    _refuse_missing(log, [shard])
    note(connection, run_id, shard)
    return (shard,)
