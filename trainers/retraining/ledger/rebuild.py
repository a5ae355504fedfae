"""Make the ledger again from what lies beside the data.

Each shard of the accepted log has a record beside it, and each published version one in its run's
folder. Runs that published nothing, and the sentences of the gate, are lost with the ledger.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from itertools import count
from pathlib import Path

from configs.errors import ArtifactError
from tfrs_models import durable
from trainers.retraining.gate.record import GateRecord
from trainers.retraining.ledger import gates, runs, shards, versions, withdrawals
from trainers.retraining.ledger.balance import check_balance
from trainers.retraining.ledger.database import open_ledger
from trainers.retraining.ledger.records import (
    ShardRecord,
    VersionRecord,
    WithdrawalRecord,
    read,
    write,
)
from trainers.retraining.ledger.runs import Run
from trainers.retraining.ledger.versions import Version

VERSION_FILE = "version.json"
SHARD_RECORDS = "[0-9]*.json"
"""The records in an accepted log."""
WITHDRAWN = "withdrawn"
"""The folder in an accepted log of the records of withdrawals."""
_MADE_AGAIN = f"made again from {VERSION_FILE}"
_COMPANIONS = ("", "-wal", "-shm")
"""Endings of the files of one SQLite database."""


def write_version_record(
    folder: Path,
    version: Version,
    consumed: Sequence[str],
    gate: GateRecord | None,
) -> None:
    """Write `version.json` into a run's folder: before the ledger commits the version.

    Keep it as long as the accepted log, also when the rest of the folder is deleted.

    Args:
        folder: of the run.
        version: the version.
        consumed: SHA-256 of the shards that it was the first to learn.
        gate: what the gate has left of it.
    """
    write(folder / VERSION_FILE, VersionRecord(version, tuple(consumed), gate))


def read_version_record(folder: Path) -> VersionRecord:
    """Read `version.json` of a run's folder.

    Raises:
        ArtifactError: it is missing, damaged, or of another format.
    """
    return read(folder / VERSION_FILE, VersionRecord)


def rebuild(path: Path, log: Path, records: Iterable[VersionRecord]) -> list[str]:
    """Put a ledger made of the records in the place of the one at `path`.

    Nobody may have it open. The former one stays beside it, as `<name>.broken-<n>`; the new one
    takes its place when it is complete.

    Args:
        path: the ledger.
        log: folder of the accepted log.
        records: those of all versions that were published.

    Returns:
        What does not add up, such as a version whose parent has no record: shards that such a
        version has learned would be learned again.

    Raises:
        ArtifactError: a record is damaged, or two contradict each other; nothing has changed.
    """
    with durable.new_file(path) as unfinished:
        _remove(unfinished)  # a rebuilding that was killed leaves half a ledger
        with closing(open_ledger(unfinished)) as connection:
            _fill(connection, log, records)
            faults = check_balance(connection)
            connection.execute("PRAGMA journal_mode = DELETE")  # one file, which can be renamed
        _put_aside(path)
    return faults


def _fill(connection: sqlite3.Connection, log: Path, records: Iterable[VersionRecord]) -> None:
    try:
        for record in sorted(log.glob(SHARD_RECORDS)):
            shards.add(connection, read(record, ShardRecord).shard)
        for record in sorted((log / WITHDRAWN).glob(SHARD_RECORDS)):
            withdrawals.add(connection, read(record, WithdrawalRecord).withdrawal)
    except sqlite3.IntegrityError as error:
        raise ArtifactError(
            f"the records in {log} contradict each other at {record.name} ({error}): put the log "
            "back from a copy."
        ) from error
    for one in sorted(records, key=lambda one: one.version.number):
        runs.begin(connection, _run(one))
        versions.commit(connection, one.version, one.consumed)
        if one.gate is not None:  # what was published had passed, and later gates need the record
            said = one.gate.beside({"reason": _MADE_AGAIN, "checks": []})
            gates.add(connection, one.version.run_id, True, said)


def _run(record: VersionRecord) -> Run:
    version = record.version
    return Run(
        id=version.run_id,
        started=version.published,
        trigger="unknown",
        policy=version.policy,
        parent=version.parent,
        state="running",
        ended=None,
        exit_code=None,
        reason=_MADE_AGAIN,
        shards=record.consumed,
    )


def _remove(path: Path) -> None:
    for ending in _COMPANIONS:
        path.with_name(path.name + ending).unlink(missing_ok=True)


def _put_aside(path: Path) -> None:
    """Rename a database and its companions, which would spoil a new one of its name."""
    names = (f"{path.name}.broken-{number}" for number in count(1))
    aside = next(name for name in names if not path.with_name(name).exists())
    for ending in _COMPANIONS:
        present = path.with_name(path.name + ending)
        if present.exists():
            present.rename(path.with_name(aside + ending))
