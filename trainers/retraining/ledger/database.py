"""The ledger's file: one SQLite database that is whole on the disk after every transaction."""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from configs.errors import ArtifactError, EnvironmentFault

SCHEMA = 2
"""Version of the tables; a program reads exactly one."""
BUSY_SECONDS = 30.0
"""How long a writer waits for another one."""
WAY_OUT = "`tfrs doctor --rebuild` makes it again from the records beside the data"

_SETTINGS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
)
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_NO_ROOM = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE)
"""The second: there is no room for the index that a ledger has while it is open."""
_TABLES = (
    """
    CREATE TABLE runs (
        place     INTEGER PRIMARY KEY AUTOINCREMENT,
        id        TEXT NOT NULL UNIQUE,
        started   TEXT NOT NULL,
        "trigger" TEXT NOT NULL,
        policy    TEXT NOT NULL,
        parent    INTEGER,
        state     TEXT NOT NULL CHECK (state IN ('running', 'published', 'rejected', 'nothing_new',
                                                 'failed', 'interrupted')),
        ended     TEXT,
        exit_code INTEGER,
        reason    TEXT NOT NULL
    ) STRICT
    """,
    "CREATE UNIQUE INDEX one_running ON runs (state) WHERE state = 'running'",
    """
    CREATE TABLE shards (
        sha256      TEXT NOT NULL PRIMARY KEY CHECK (length(sha256) = 64),
        name        TEXT NOT NULL,
        sequence    INTEGER NOT NULL UNIQUE CHECK (sequence > 0),
        rows        INTEGER NOT NULL,
        accepted    INTEGER NOT NULL CHECK (accepted >= 0),
        duplicates  INTEGER NOT NULL CHECK (duplicates >= 0),
        late        INTEGER NOT NULL CHECK (late >= 0),
        quarantined INTEGER NOT NULL CHECK (quarantined >= 0),
        first_us    INTEGER,
        last_us     INTEGER,
        taken_in    TEXT NOT NULL,
        CHECK (rows = accepted + duplicates + late + quarantined)
    ) STRICT
    """,
    """
    CREATE TABLE run_shards (
        run_id TEXT NOT NULL REFERENCES runs (id),
        place  INTEGER NOT NULL,
        sha256 TEXT NOT NULL REFERENCES shards (sha256),
        PRIMARY KEY (run_id, sha256)
    ) STRICT
    """,
    """
    CREATE TABLE versions (
        number           INTEGER PRIMARY KEY CHECK (number > 0),
        run_id           TEXT NOT NULL UNIQUE REFERENCES runs (id),
        policy           TEXT NOT NULL,
        parent           INTEGER,
        trained_until_us INTEGER NOT NULL,
        bundle_sha256    TEXT NOT NULL,
        published        TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE consumptions (
        sha256  TEXT NOT NULL UNIQUE REFERENCES shards (sha256),
        version INTEGER NOT NULL REFERENCES versions (number)
    ) STRICT
    """,
    """
    CREATE TABLE withdrawals (
        sha256  TEXT NOT NULL PRIMARY KEY REFERENCES shards (sha256),
        version INTEGER NOT NULL CHECK (version >= 0),
        reason  TEXT NOT NULL,
        "when"  TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE gates (
        run_id TEXT NOT NULL PRIMARY KEY REFERENCES runs (id),
        passed INTEGER NOT NULL CHECK (passed IN (0, 1)),
        report TEXT NOT NULL
    ) STRICT
    """,
)


def open_ledger(path: Path) -> sqlite3.Connection:
    """Open the ledger, or make an empty one where there is none.

    The connection is in autocommit mode: write inside of `transaction`.

    Raises:
        ArtifactError: the file is damaged, no ledger, or has tables of another version.
        EnvironmentFault: it cannot be opened or written.
        OSError: the disk is full or fails.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = None
    try:
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        _set_up(connection, path)
    except sqlite3.DatabaseError as error:
        _close(connection)
        raise _fault(path, error) from error
    except ArtifactError:
        _close(connection)
        raise
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All writes of the block or none, on the disk when it ends.

    A block inside of another belongs to the outer one, which commits for both.
    """
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk makes SQLite roll back by itself
            connection.execute("ROLLBACK")
        raise


def _set_up(connection: sqlite3.Connection, path: Path) -> None:
    for setting in _SETTINGS:
        connection.execute(setting)
    _refuse_damage(connection, path)
    with transaction(connection):  # two processes may both find an empty file
        found = _schema(connection)
        if found == 0 and not _has_tables(connection):
            _create(connection)
        elif found != SCHEMA:
            raise ArtifactError(
                f"the ledger {path} has tables of version {found}, this program reads {SCHEMA}: "
                f"use the program that wrote it, or {WAY_OUT}."
            )


def _schema(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _has_tables(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone() is not None


def _create(connection: sqlite3.Connection) -> None:
    for statement in _TABLES:
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {SCHEMA}")


def _refuse_damage(connection: sqlite3.Connection, path: Path) -> None:
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise _damaged(path, found)


def _fault(path: Path, error: sqlite3.DatabaseError) -> Exception:
    code = error.sqlite_errorcode
    kind = code & 0xFF  # the lowest byte of an extended code
    if kind in _DAMAGE:
        return _damaged(path, error)
    if code in _NO_ROOM:
        return _of_disk(errno.ENOSPC, path)
    if kind == sqlite3.SQLITE_IOERR:
        return _of_disk(errno.EIO, path)
    return EnvironmentFault(
        f"the ledger {path} cannot be opened: {error}. Check that its folder may be written and "
        "that no other process holds the ledger."
    )


def _of_disk(number: int, path: Path) -> OSError:
    return OSError(number, os.strerror(number), str(path))


def _damaged(path: Path, cause: object) -> ArtifactError:
    return ArtifactError(f"the ledger {path} is damaged ({cause}): {WAY_OUT}.")


def _close(connection: sqlite3.Connection | None) -> None:
    if connection is not None:
        connection.close()
