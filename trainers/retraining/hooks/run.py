"""What a run does with its hooks: ask, notify, and tell what is still to be told."""

import sqlite3
import time
from collections.abc import Callable, Sequence

from configs.hooks import HookConfig
from trainers.retraining.hooks import outbox
from trainers.retraining.hooks.calls import attempt
from trainers.retraining.hooks.events import Event
from trainers.retraining.hooks.outbox import RETRIES, Now, Retries
from trainers.retraining.hooks.outcomes import Veto


def ask(connection: sqlite3.Connection, hooks: Sequence[HookConfig], event: Event) -> Veto | None:
    """Put a question to the hooks that may veto, one after the other, until one does.

    The other hooks of the event are put into the outbox. All answers are recorded. A hook that
    fails is not asked again: its `on_failure` decides.

    Args:
        connection: with no transaction open.
        hooks: the hooks of the configuration.
        event: of a kind in `configs.hooks.CAN_VETO`.

    Returns:
        The first veto; None when nobody objects.
    """
    outbox.put_now(connection, hooks, event)
    votes = (_vote(connection, hook, event) for hook in hooks if hook.votes_on(event.kind))
    return next((veto for veto in votes if veto is not None), None)


def notify(
    connection: sqlite3.Connection,
    hooks: Sequence[HookConfig],
    event: Event,
    now: Now = time.time,
    seconds: float = 60.0,
) -> None:
    """Put an event that no transaction of the caller belongs to, and try to deliver at once.

    No hook changes what the run does next: failures are logged, recorded, and tried again by the
    next call of `notify` or `flush`.

    Args:
        connection: with no transaction open.
        hooks: the hooks of the configuration.
        event: what happened.
        now: the clock.
        seconds: no attempt begins later than this.
    """
    outbox.put_now(connection, hooks, event)
    outbox.deliver_due(connection, hooks, now, seconds)


def flush(
    connection: sqlite3.Connection,
    hooks: Sequence[HookConfig],
    now: Now = time.time,
    sleep: Callable[[float], None] = time.sleep,
    seconds: float = 60.0,
    retries: Retries = RETRIES,
    monotonic: Now = time.monotonic,
) -> None:
    """Deliver what is due, and wait for retries that fall due within `seconds`.

    Args:
        connection: with no transaction open.
        hooks: the hooks of the configuration.
        now: the clock that says what is due.
        sleep: waits so many seconds, always fewer than `seconds`.
        seconds: no attempt begins later than this.
        retries: when a failed delivery is tried again.
        monotonic: the clock that measures `seconds`; the other one may be set back meanwhile.
    """
    end = monotonic() + seconds
    while True:
        outbox.deliver_due(connection, hooks, now, end - monotonic(), retries, monotonic)
        due = outbox.next_due(connection, hooks)
        left = end - monotonic()
        if due is None or left <= 0 or due - now() >= left:
            return
        sleep(max(due - now(), 0.0))


def _vote(connection: sqlite3.Connection, hook: HookConfig, event: Event) -> Veto | None:
    outcome = attempt(hook, event)
    outbox.record(connection, hook, event, outcome)
    if outcome.state == "vetoed":
        return Veto(outcome.text, hook.label)
    if outcome.state == "delivered" or hook.on_failure == "ignore":
        return None
    return Veto(f"it failed, and its `on_failure` is `veto`: {outcome.text}", hook.label)
