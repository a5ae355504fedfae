"""The file: made once, refused when it is damaged or another's, and all or nothing."""

import errno
import sqlite3
from contextlib import closing

import pytest
from support.ledgers import run, shard

from configs.errors import ArtifactError, EnvironmentFault
from tfrs_models.cli import disk_fault
from trainers.retraining.ledger import database, runs, shards
from trainers.retraining.ledger.database import open_ledger, transaction


def test_a_new_ledger_is_empty(ledger):
    assert runs.latest(ledger, 10) == []
    assert shards.all_shards(ledger) == []


def test_every_commit_is_flushed_to_the_disk(ledger):
    # SQLite's numbers: synchronous 2 is FULL.
    found = [
        ledger.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "foreign_keys")
    ]
    assert found == ["wal", 2, 1]


def test_what_is_written_is_there_after_opening_again(path):
    with closing(open_ledger(path)) as first:
        shards.add(first, shard(1))
    with closing(open_ledger(path)) as second:
        assert shards.all_shards(second) == [shard(1)]


def test_a_ledger_takes_values_of_the_declared_types_alone(ledger):
    with pytest.raises(sqlite3.IntegrityError, match="cannot store TEXT"):
        shards.add(ledger, shard(1, first_us="yesterday"))


def test_a_failing_block_leaves_nothing(ledger):
    with pytest.raises(KeyError), transaction(ledger):
        runs.begin(ledger, run(1))
        raise KeyError
    assert runs.latest(ledger, 10) == []


def test_a_block_inside_of_another_falls_with_it(ledger):
    with pytest.raises(KeyError), transaction(ledger):
        with transaction(ledger):
            shards.add(ledger, shard(1))
        raise KeyError
    assert shards.known(ledger) == set()


def test_what_is_no_database_is_refused_with_the_way_out(path):
    path.parent.mkdir()
    path.write_bytes(b"no database at all, but long enough to be one" * 100)
    with pytest.raises(ArtifactError, match=r"state\.db is damaged.*tfrs doctor --rebuild"):
        open_ledger(path)


def test_a_damaged_page_is_found_at_opening(path):
    with closing(open_ledger(path)) as connection:
        for number in range(1, 200):
            shards.add(connection, shard(number))
    content = bytearray(path.read_bytes())
    content[8192:] = bytes([0xA5]) * (len(content) - 8192)
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match="damaged"):
        open_ledger(path)


@pytest.mark.parametrize("schema", [0, 1, 99])
def test_tables_of_another_version_are_refused(path, schema):
    with closing(open_ledger(path)) as connection:
        connection.execute(f"PRAGMA user_version = {schema}")
    with pytest.raises(ArtifactError, match=f"version {schema}, this program reads 2.*rebuild"):
        open_ledger(path)


def test_no_room_for_a_new_ledger_is_a_full_disk(path, monkeypatch):
    small = (*database._SETTINGS, "PRAGMA max_page_count = 2")
    monkeypatch.setattr(database, "_SETTINGS", small)
    with pytest.raises(OSError, match=r"No space left on device: .*state\.db") as raised:
        open_ledger(path)
    assert disk_fault(raised.value) == "the disk is full: make room"


@pytest.mark.parametrize(
    ("code", "number", "words"),
    [
        (sqlite3.SQLITE_IOERR_SHMSIZE, errno.ENOSPC, "the disk is full"),
        (sqlite3.SQLITE_IOERR_READ, errno.EIO, "the disk fails"),
        (sqlite3.SQLITE_IOERR_FSYNC, errno.EIO, "the disk fails"),
    ],
)
def test_a_disk_that_fails_at_opening_is_told_as_that_of_any_file(
    path, monkeypatch, code, number, words
):
    def fail(*_):
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = code
        raise error

    monkeypatch.setattr(database, "_set_up", fail)
    with pytest.raises(OSError, match=r"state\.db") as raised:
        open_ledger(path)
    assert raised.value.errno == number
    assert disk_fault(raised.value).startswith(words)


def test_a_path_that_cannot_be_a_file_is_a_fault_of_the_machine(path):
    path.mkdir(parents=True)
    with pytest.raises(EnvironmentFault, match="cannot be opened"):
        open_ledger(path)
