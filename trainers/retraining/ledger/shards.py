"""Shards: files of events that were taken in, each known by the hash of its content."""

import sqlite3
from dataclasses import astuple, dataclass

from trainers.retraining.ledger.database import transaction
from trainers.retraining.ledger.versions import learned_by

_COLUMNS = (
    "sha256, name, sequence, rows, accepted, duplicates, late, quarantined, first_us, last_us, "
    "taken_in"
)
_NOT_WITHDRAWN = "sha256 NOT IN (SELECT sha256 FROM withdrawals)"


@dataclass(frozen=True)
class Shard:
    """One file of events. `rows` = `accepted` + `duplicates` + `late` + `quarantined`.

    Attributes:
        sha256: of the file as it came, 64 hexadecimal digits.
        name: of the file as it came.
        sequence: place in the accepted log, from 1.
        rows: rows read, without those that a declared filter drops.
        accepted: rows that came into the log.
        duplicates: rows that the log had, or that the file repeats.
        late: rows older than the lateness that is allowed.
        quarantined: broken and future-dated rows.
        first_us: first accepted event, microseconds since 1970 UTC; None where there is none.
        last_us: last accepted event.
        taken_in: when, ISO 8601 in UTC.
    """

    sha256: str
    name: str
    sequence: int
    rows: int
    accepted: int
    duplicates: int
    late: int
    quarantined: int
    first_us: int | None
    last_us: int | None
    taken_in: str

    @property
    def stem(self) -> str:
        """What its files in the log are called, without their endings."""
        return f"{self.sequence:06d}-{self.sha256[:12]}"


def add(connection: sqlite3.Connection, shard: Shard) -> None:
    """Add a shard.

    Raises:
        sqlite3.IntegrityError: its hash or sequence is taken, or its counts do not add up.
    """
    with transaction(connection):
        connection.execute(
            f"INSERT INTO shards ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
            astuple(shard),
        )


def all_shards(connection: sqlite3.Connection) -> list[Shard]:
    """Every shard that ever came, in order of sequence."""
    return _select(connection, "")


def in_log(connection: sqlite3.Connection) -> list[Shard]:
    """The shards that runs read, which are those that were not withdrawn, in order of sequence."""
    return _select(connection, f"WHERE {_NOT_WITHDRAWN}")


def pending(connection: sqlite3.Connection) -> list[Shard]:
    """The shards of the log that no published version has learned, in order of sequence."""
    learned = learned_by(connection)
    return [shard for shard in in_log(connection) if shard.sha256 not in learned]


def known(connection: sqlite3.Connection) -> set[str]:
    """SHA-256 of every shard."""
    return {sha256 for (sha256,) in connection.execute("SELECT sha256 FROM shards")}


def last_sequence(connection: sqlite3.Connection) -> int:
    """The sequence given out last; 0 before the first."""
    found = connection.execute("SELECT coalesce(max(sequence), 0) FROM shards").fetchone()
    return int(found[0])


def watermark(connection: sqlite3.Connection) -> int | None:
    """The time of the last event of the log, microseconds since 1970 UTC; None before the first."""
    found = connection.execute(
        f"SELECT max(last_us) FROM shards WHERE {_NOT_WITHDRAWN}"  # noqa: S608 - a constant above
    ).fetchone()[0]
    return None if found is None else int(found)


def _select(connection: sqlite3.Connection, clause: str) -> list[Shard]:
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM shards {clause} ORDER BY sequence"  # noqa: S608 - constants above
    )
    return [Shard(*row) for row in rows]
