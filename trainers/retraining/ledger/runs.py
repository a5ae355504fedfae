"""Runs of retraining, in the order in which they began."""

import sqlite3
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from typing import Any, Literal

from configs.errors import ArtifactError
from trainers.retraining.ledger.database import transaction

State = Literal["running", "published", "rejected", "nothing_new", "failed", "interrupted"]

_COLUMNS = 'id, started, "trigger", policy, parent, state, ended, exit_code, reason'


@dataclass(frozen=True)
class Run:
    """One run.

    Attributes:
        id: unique.
        started: when, ISO 8601 in UTC.
        trigger: who called it, and what let it begin.
        policy: how it trains; until that is planned, the policy of the settings.
        parent: the version it goes on from, or None.
        state: `running` until it has ended.
        ended: when, ISO 8601 in UTC.
        exit_code: what the process returned.
        reason: why it ended so, in a sentence.
        shards: SHA-256 of the shards that it was given when it began, then of those taken in.
    """

    id: str
    started: str
    trigger: str
    policy: str
    parent: int | None
    state: State
    ended: str | None
    exit_code: int | None
    reason: str
    shards: tuple[str, ...]


def begin(connection: sqlite3.Connection, run: Run) -> None:
    """Add a run, which may have ended already.

    Raises:
        ArtifactError: another run has not ended, or one of this id is there.
        sqlite3.IntegrityError: one of its shards is not in the ledger.
    """
    with transaction(connection):
        _refuse_second(connection, run)
        connection.execute(
            f"INSERT INTO runs ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
            astuple(run)[:-1],
        )
        add_shards(connection, run.id, run.shards)


def add_shards(connection: sqlite3.Connection, run_id: str, shards: Iterable[str]) -> None:
    """Note shards of a run by their SHA-256; what is noted already stays where it is.

    Raises:
        ArtifactError: there is no such run.
        sqlite3.IntegrityError: a shard is not in the ledger.
    """
    with transaction(connection):
        _refuse_unknown(connection, run_id)
        for sha256 in shards:
            connection.execute(
                "INSERT OR IGNORE INTO run_shards (run_id, place, sha256) "
                "VALUES (?, (SELECT count(*) FROM run_shards WHERE run_id = ?), ?)",
                (run_id, run_id, sha256),
            )


def note_plan(
    connection: sqlite3.Connection, run_id: str, cause: str, policy: str, parent: int | None
) -> None:
    """Note how a run trains and, behind its trigger, what let it begin; may be repeated.

    Raises:
        ArtifactError: there is no such run.
    """
    said = f": {cause}"
    with transaction(connection):
        _refuse_unknown(connection, run_id)
        connection.execute(
            "UPDATE runs SET policy = ?, parent = ? WHERE id = ?", (policy, parent, run_id)
        )
        connection.execute(
            'UPDATE runs SET "trigger" = "trigger" || ? '
            'WHERE id = ? AND substr("trigger", -length(?)) <> ?',
            (said, run_id, said, said),
        )


def finish(
    connection: sqlite3.Connection,
    run_id: str,
    state: State,
    exit_code: int,
    reason: str,
    ended: str,
) -> None:
    """Note how a run has ended. What is published stays so: `versions.commit` says it.

    Raises:
        ArtifactError: there is no such run, or its state and its version contradict each other.
    """
    with transaction(connection):
        _refuse_unknown(connection, run_id)
        _refuse_contradiction(connection, run_id, state)
        connection.execute(
            "UPDATE runs SET state = ?, exit_code = ?, reason = ?, ended = ? WHERE id = ?",
            (state, exit_code, reason, ended, run_id),
        )


def get(connection: sqlite3.Connection, run_id: str) -> Run:
    """The run of an id.

    Raises:
        ArtifactError: there is none.
    """
    found = _select(connection, "WHERE id = ?", run_id)
    if not found:
        raise _unknown(run_id)
    return found[0]


def latest(connection: sqlite3.Connection, limit: int) -> list[Run]:
    """The last runs, newest first."""
    return _select(connection, "ORDER BY place DESC LIMIT ?", limit)


def unfinished(connection: sqlite3.Connection) -> Run | None:
    """The run that has not ended, or whose process died before it could say so."""
    return next(iter(_select(connection, "WHERE state = 'running'")), None)


def last_success(connection: sqlite3.Connection) -> str | None:
    """When a run was last published, ISO 8601 in UTC."""
    found = _select(connection, "WHERE state = 'published' ORDER BY place DESC LIMIT 1")
    return found[0].ended if found else None


def last_judged(connection: sqlite3.Connection) -> Run | None:
    """The last run whose model was published, or rejected after the gate had judged it.

    Runs that had nothing to do, failed, were interrupted or forbidden before the training are
    passed over. A published run needs no verdict: a ledger that was made again has none.
    """
    found = _select(
        connection,
        "WHERE state = 'published' OR state = 'rejected' AND id IN (SELECT run_id FROM gates) "
        "ORDER BY place DESC LIMIT 1",
    )
    return next(iter(found), None)


def rejects_in_a_row(connection: sqlite3.Connection) -> int:
    """Rejected runs since the last published one; runs that came to no verdict do not count."""
    return int(
        connection.execute(
            """
            SELECT count(*) FROM runs WHERE state = 'rejected' AND place >
                (SELECT coalesce(max(place), 0) FROM runs WHERE state = 'published')
            """
        ).fetchone()[0]
    )


def _select(connection: sqlite3.Connection, clause: str, *values: Any) -> list[Run]:
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM runs {clause}",  # noqa: S608 - constants of this module
        values,
    ).fetchall()
    return [Run(*(*row, _shards(connection, row[0]))) for row in rows]


def _shards(connection: sqlite3.Connection, run_id: str) -> tuple[str, ...]:
    rows = connection.execute(
        "SELECT sha256 FROM run_shards WHERE run_id = ? ORDER BY place", (run_id,)
    )
    return tuple(sha256 for (sha256,) in rows)


def _refuse_second(connection: sqlite3.Connection, run: Run) -> None:
    if connection.execute("SELECT 1 FROM runs WHERE id = ?", (run.id,)).fetchone():
        raise ArtifactError(f"the ledger has a run `{run.id}` already: give each run its own id.")
    other = unfinished(connection)
    if run.state == "running" and other is not None:
        raise ArtifactError(
            f"the run `{other.id}` of {other.started} has not ended, so `{run.id}` cannot begin: "
            "one run at a time. If its process died, note it as `interrupted` first."
        )


def _refuse_unknown(connection: sqlite3.Connection, run_id: str) -> None:
    if not connection.execute("SELECT 1 FROM runs WHERE id = ?", (run_id,)).fetchone():
        raise _unknown(run_id)


def _unknown(run_id: str) -> ArtifactError:
    return ArtifactError(f"the ledger has no run `{run_id}`: `tfrs runs` lists those there are.")


def _refuse_contradiction(connection: sqlite3.Connection, run_id: str, state: State) -> None:
    version = connection.execute(
        "SELECT number FROM versions WHERE run_id = ?", (run_id,)
    ).fetchone()
    if version is None and state == "published":
        raise ArtifactError(
            f"the run `{run_id}` has no version, so it cannot end as `published`: commit its "
            "version first."
        )
    if version is not None and state != "published":
        raise ArtifactError(
            f"the run `{run_id}` has published version {version[0]}, so it cannot end as "
            f"`{state}`: a version is taken back by a rollback."
        )
