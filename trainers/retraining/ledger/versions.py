"""Published versions, and which shards each was the first to learn."""

import sqlite3
from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from typing import Any

from configs.errors import ArtifactError
from trainers.retraining.ledger.database import transaction

_COLUMNS = "number, run_id, policy, parent, trained_until_us, bundle_sha256, published"


@dataclass(frozen=True)
class Version:
    """One published version.

    Attributes:
        number: as published.
        run_id: the run that made it.
        policy: how it was trained.
        parent: the version it was trained from, or None.
        trained_until_us: from which moment on it has learned nothing, microseconds since 1970 UTC.
        bundle_sha256: of its manifest, which holds those of its files.
        published: when, ISO 8601 in UTC.
    """

    number: int
    run_id: str
    policy: str
    parent: int | None
    trained_until_us: int
    bundle_sha256: str
    published: str


def commit(connection: sqlite3.Connection, version: Version, consumed: Sequence[str]) -> None:
    """Note a version, the shards it has learned and the end of its run: all, or nothing.

    A crash between the publishing and this leaves the shards pending; repeat it with the same
    values. What is committed already is left as it is, also when only the time differs.

    Args:
        connection: the ledger.
        version: the version.
        consumed: SHA-256 of the shards that no version before it has learned.

    Raises:
        ArtifactError: the run is unknown or has another version, or a shard is unknown or was
            learned before.
    """
    with transaction(connection):
        if _is_committed(connection, version, consumed):
            return
        _refuse_shards(connection, consumed)
        _publish_run(connection, version)
        connection.execute(
            f"INSERT INTO versions ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
            astuple(version),
        )
        connection.executemany(
            "INSERT INTO consumptions (sha256, version) VALUES (?, ?)",
            [(sha256, version.number) for sha256 in consumed],
        )


def get(connection: sqlite3.Connection, number: int) -> Version:
    """The version of a number.

    Raises:
        ArtifactError: there is none.
    """
    found = find(connection, number)
    if found is None:
        raise ArtifactError(f"the ledger has no version {number}: `tfrs versions` lists them.")
    return found


def find(connection: sqlite3.Connection, number: int) -> Version | None:
    """The version of a number; None when no run of this ledger has published it."""
    return _select(connection, "WHERE number = ?", number)


def latest(connection: sqlite3.Connection) -> Version | None:
    """The version of the highest number; None before the first."""
    return _select(connection, "ORDER BY number DESC LIMIT 1")


def of_run(connection: sqlite3.Connection, run_id: str) -> Version | None:
    """The version that a run has published; None when it has published none."""
    return _select(connection, "WHERE run_id = ?", run_id)


def consumed_by(connection: sqlite3.Connection, number: int) -> tuple[str, ...]:
    """SHA-256 of the shards that a version was the first to learn, in order of sequence."""
    rows = connection.execute(
        "SELECT sha256 FROM consumptions JOIN shards USING (sha256) WHERE version = ? "
        "ORDER BY sequence",
        (number,),
    )
    return tuple(sha256 for (sha256,) in rows)


def learned_until(connection: sqlite3.Connection, number: int) -> set[str]:
    """SHA-256 of the shards that a version, or one before it, was the first to learn."""
    rows = connection.execute("SELECT sha256 FROM consumptions WHERE version <= ?", (number,))
    return {sha256 for (sha256,) in rows}


def learned_by(connection: sqlite3.Connection) -> dict[str, int]:
    """SHA-256 of every learned shard, and the version that was the first to learn it."""
    return dict(connection.execute("SELECT sha256, version FROM consumptions"))


def _select(connection: sqlite3.Connection, clause: str, *values: Any) -> Version | None:
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM versions {clause}",  # noqa: S608 - constants of this module
        values,
    ).fetchone()
    return None if row is None else Version(*row)


def _is_committed(
    connection: sqlite3.Connection, version: Version, consumed: Sequence[str]
) -> bool:
    found = of_run(connection, version.run_id)
    if found is None:
        other = find(connection, version.number)
        if other is not None:
            raise ArtifactError(
                f"version {version.number} is that of the run `{other.run_id}`, so it cannot be "
                f"that of `{version.run_id}`: publish under a new number."
            )
        return False
    same = replace(found, published=version.published) == version
    if not same or set(consumed_by(connection, found.number)) != set(consumed):
        raise ArtifactError(
            f"the run `{version.run_id}` has published version {found.number} with other values: "
            "a run publishes once. Begin a new run."
        )
    return True


def _refuse_shards(connection: sqlite3.Connection, consumed: Sequence[str]) -> None:
    for sha256 in consumed:
        row = connection.execute(
            "SELECT version FROM shards LEFT JOIN consumptions USING (sha256) WHERE sha256 = ?",
            (sha256,),
        ).fetchone()
        if row is None:
            raise ArtifactError(f"the ledger has no shard {sha256}: take it in before it is used.")
        if row[0] is not None:
            raise ArtifactError(
                f"the shard {sha256} was learned by version {row[0]}, and each is learned once: "
                "train on the pending ones."
            )


def _publish_run(connection: sqlite3.Connection, version: Version) -> None:
    changed = connection.execute(
        "UPDATE runs SET state = 'published', exit_code = 0, ended = ? WHERE id = ?",
        (version.published, version.run_id),
    ).rowcount
    if not changed:
        raise ArtifactError(
            f"the ledger has no run `{version.run_id}`: begin it before its version is committed."
        )
