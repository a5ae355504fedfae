"""Shards that were taken in by mistake, and that no run reads any more."""

import sqlite3
from dataclasses import astuple, dataclass

from trainers.retraining.ledger.database import transaction
from trainers.retraining.ledger.versions import learned_by


@dataclass(frozen=True)
class Withdrawal:
    """One shard that was withdrawn.

    Attributes:
        sha256: of the shard.
        version: the latest published one at that moment; 0 before the first. It, and those before
            it, may have learned the shard.
        reason: why, in the words of who has withdrawn it.
        when: ISO 8601 in UTC.
    """

    sha256: str
    version: int
    reason: str
    when: str


def add(connection: sqlite3.Connection, withdrawal: Withdrawal) -> None:
    """Note a withdrawal; one that is noted already stays as it is.

    Raises:
        sqlite3.IntegrityError: there is no such shard.
    """
    with transaction(connection):
        connection.execute(
            'INSERT INTO withdrawals (sha256, version, reason, "when") VALUES (?, ?, ?, ?) '
            "ON CONFLICT (sha256) DO NOTHING",
            astuple(withdrawal),
        )


def all_withdrawals(connection: sqlite3.Connection) -> list[Withdrawal]:
    """Every withdrawal, in the order of the shards."""
    rows = connection.execute(
        'SELECT sha256, version, reason, "when" FROM withdrawals '
        "JOIN shards USING (sha256) ORDER BY sequence"
    )
    return [Withdrawal(*row) for row in rows]


def learned_since(connection: sqlite3.Connection, version: int) -> list[Withdrawal]:
    """Shards that were learned, and withdrawn when this version or a later one was the latest."""
    learned = learned_by(connection)
    every = all_withdrawals(connection)
    return [one for one in every if one.sha256 in learned and one.version >= version]
