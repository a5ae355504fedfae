"""What hooks are still to be told, in the SQLite database that also says what has happened.

An event that is put in the transaction that makes it true is delivered if and only if that
transaction is committed, however often the process dies (the transactional outbox): at least once
to each hook, each time with the same id and the same bytes, and to one hook in the order of `put`.
"""

import json
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from configs.errors import ArtifactError
from configs.hooks import EventKind, HookConfig
from trainers.retraining.hooks.calls import attempt
from trainers.retraining.hooks.events import Event, from_json, to_json
from trainers.retraining.hooks.outcomes import Outcome, State
from trainers.retraining.ledger.database import transaction

Now = Callable[[], float]
"""Seconds since 1970."""

_TABLE = """
CREATE TABLE IF NOT EXISTS hook_deliveries (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT NOT NULL,
    run_id   TEXT NOT NULL,
    kind     TEXT NOT NULL,
    hook     TEXT NOT NULL,
    event    TEXT NOT NULL,
    state    TEXT NOT NULL DEFAULT 'pending'
             CHECK (state IN ('pending', 'delivered', 'vetoed', 'failed')),
    attempts INTEGER NOT NULL DEFAULT 0,
    due      REAL NOT NULL DEFAULT 0,
    error    TEXT NOT NULL DEFAULT '',
    UNIQUE (event_id, hook)
)
"""
_PENDING = """
CREATE INDEX IF NOT EXISTS hook_deliveries_pending
ON hook_deliveries (hook, sequence) WHERE state = 'pending'
"""
_INSERT = """
INSERT OR IGNORE INTO hook_deliveries (event_id, run_id, kind, hook, event) VALUES (?, ?, ?, ?, ?)
"""
_RECORD = """
INSERT INTO hook_deliveries (event_id, run_id, kind, hook, event, state, error, attempts)
VALUES (?, ?, ?, ?, ?, ?, ?, 1)
ON CONFLICT (event_id, hook) DO UPDATE
SET state = excluded.state, error = excluded.error, attempts = attempts + 1
"""


@dataclass(frozen=True)
class Retries:
    """When a failed delivery is tried again."""

    attempts: int = 20
    """After so many it is given up: with the other defaults some nine hours, if runs come often."""
    first_seconds: float = 1.0
    """From the first attempt to the second; each wait is twice the one before."""
    longest_seconds: float = 3600.0

    def wait(self, attempts: int) -> float:
        """Seconds from attempt number `attempts`, the first being 1, to the next."""
        return min(self.first_seconds * 2.0 ** (attempts - 1), self.longest_seconds)


RETRIES = Retries()


@dataclass(frozen=True)
class Delivery:
    """One event for one hook."""

    event_id: str
    run_id: str
    kind: str
    hook: str
    """The hook's label."""
    state: State
    attempts: int
    error: str
    """Of the last attempt; empty when it went well."""


@dataclass(frozen=True)
class _Head:
    """The oldest event that a hook was not told."""

    sequence: int
    event: str
    attempts: int
    due: float


def create_tables(connection: sqlite3.Connection) -> None:
    """Make the table where it is missing."""
    connection.execute(_TABLE)
    connection.execute(_PENDING)


def put(connection: sqlite3.Connection, hooks: Iterable[HookConfig], event: Event) -> None:
    """Note an event for all hooks that are to be told and have no vote on it.

    It belongs to the caller's transaction: commit it, then call `deliver_due` or `run.flush`. An
    event that is there already is not put twice.
    """
    told = [h for h in hooks if event.kind in h.events and not h.votes_on(event.kind)]
    connection.executemany(_INSERT, [_row(hook, event) for hook in told])


def put_now(connection: sqlite3.Connection, hooks: Iterable[HookConfig], event: Event) -> None:
    """`put`, in a transaction of its own.

    Raises:
        RuntimeError: a transaction is open.
    """
    _refuse_transaction(connection)
    with transaction(connection):
        put(connection, hooks, event)


def record(
    connection: sqlite3.Connection, hook: HookConfig, event: Event, outcome: Outcome
) -> None:
    """Note how a hook that has a vote was asked; a later answer to the same event replaces it."""
    state = "failed" if outcome.state == "pending" else outcome.state  # questions are not repeated
    with connection:
        connection.execute(_RECORD, (*_row(hook, event), state, outcome.text))


def deliver_due(
    connection: sqlite3.Connection,
    hooks: Sequence[HookConfig],
    now: Now,
    seconds: float = 60.0,
    retries: Retries = RETRIES,
    monotonic: Now = time.monotonic,
) -> None:
    """Tell the hooks what is due, in turns, so that a long queue of one does not hold up another.

    A failed delivery ends the hook's turns: what comes after it waits, to keep the order. Deliver
    from one process at a time.

    Args:
        connection: with no transaction open, for each attempt commits.
        hooks: the hooks of the configuration. What is pending for others stays.
        now: the clock that says what is due.
        seconds: no attempt begins later than this.
        retries: when a failed delivery is tried again.
        monotonic: the clock that measures `seconds`, and that nobody sets.

    Raises:
        RuntimeError: a transaction is open.
    """
    _refuse_transaction(connection)
    end = monotonic() + seconds
    turns = deque(hooks)
    while turns and monotonic() < end:
        hook = turns.popleft()
        if _deliver_next(connection, hook, now, retries):
            turns.append(hook)


def next_due(connection: sqlite3.Connection, hooks: Iterable[HookConfig]) -> float | None:
    """When the first pending delivery to one of the hooks is due; None when there is none."""
    heads = (_head(connection, hook) for hook in hooks)
    return min((head.due for head in heads if head is not None), default=None)


def deliveries(connection: sqlite3.Connection, run_id: str) -> list[Delivery]:
    """What a run had to tell and to ask, in order, and what became of it."""
    rows = connection.execute(
        "SELECT event_id, run_id, kind, hook, state, attempts, error FROM hook_deliveries "
        "WHERE run_id = ? ORDER BY sequence",
        (run_id,),
    )
    return [Delivery(*row) for row in rows]


def last_payload(connection: sqlite3.Connection, kind: EventKind) -> Any:
    """What the last event of a kind told, as plain values; None before the first."""
    row = connection.execute(
        "SELECT json_extract(event, '$.payload') FROM hook_deliveries WHERE kind = ? "
        "ORDER BY sequence DESC LIMIT 1",
        (kind,),
    ).fetchone()
    return None if row is None else json.loads(row[0])


def _refuse_transaction(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:  # each attempt commits, and may take long
        raise RuntimeError("hooks are called outside of transactions: commit first")


def _row(hook: HookConfig, event: Event) -> tuple[str, ...]:
    return event.id, event.run_id, event.kind, hook.label, to_json(event)


def _head(connection: sqlite3.Connection, hook: HookConfig) -> _Head | None:
    row = connection.execute(
        "SELECT sequence, event, attempts, due FROM hook_deliveries "
        "WHERE hook = ? AND state = 'pending' ORDER BY sequence LIMIT 1",
        (hook.label,),
    ).fetchone()
    return None if row is None else _Head(*row)


def _deliver_next(
    connection: sqlite3.Connection, hook: HookConfig, now: Now, retries: Retries
) -> bool:
    """Try the hook's oldest event if it is due; whether it was delivered."""
    head = _head(connection, hook)
    if head is None or _waits(head, now(), retries):
        return False
    attempts = head.attempts + 1
    _update(connection, head, Outcome("pending", "its end was not seen"), attempts, now())
    outcome = _tell(hook, head.event)
    if outcome.state == "pending" and attempts >= retries.attempts:
        outcome = Outcome("failed", f"given up after {attempts} attempts: {outcome.text}")
    _update(connection, head, outcome, attempts, now() + retries.wait(attempts))
    return outcome.state == "delivered"


def _waits(head: _Head, now: float, retries: Retries) -> bool:
    """Whether it is not due; later than any wait means that the clock was wrong at the time."""
    return now < head.due <= now + retries.longest_seconds


def _tell(hook: HookConfig, text: str) -> Outcome:
    try:
        event = from_json(text)
    except ArtifactError as error:  # a newer release put it
        return Outcome("pending", str(error))
    return attempt(hook, event)


def _update(
    connection: sqlite3.Connection, head: _Head, outcome: Outcome, attempts: int, due: float
) -> None:
    with connection:
        connection.execute(
            "UPDATE hook_deliveries SET state = ?, error = ?, attempts = ?, due = ? "
            "WHERE sequence = ?",
            (outcome.state, outcome.text, attempts, due, head.sequence),
        )
