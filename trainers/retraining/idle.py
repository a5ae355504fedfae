"""What lets a run begin, or why it has nothing to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from configs.run import RunConfig
from trainers.retraining.drifted import drift_of, moved
from trainers.retraining.former_config import former_config
from trainers.retraining.ledger import runs
from trainers.retraining.ledger.shards import Shard
from trainers.retraining.work import Work

Cause = Literal["asked for", "events", "staleness", "drift"]

_HOUR_SECONDS = 3_600


@dataclass(frozen=True)
class Beginning:
    """Whether a run begins.

    Attributes:
        cause: what lets it; None where there is nothing to do.
        sentence: what was found.
    """

    cause: Cause | None
    sentence: str


def beginning(work: Work, pending: list[Shard], full: bool) -> Beginning:
    """Whether a run begins; drift is measured only where nothing else lets it.

    Args:
        work: the run.
        pending: shards that no published version has learned.
        full: whether a training from the beginning was asked for.
    """
    if full:
        return Beginning("asked for", _said(pending))
    found = enough(work.config, pending, _seconds_since(work))
    if found.cause is None and not drift_counts(work.config, pending):
        return found
    rejected = rejected_before(work, pending)
    if rejected is not None:
        return Beginning(None, rejected)
    return found if found.cause else _by_drift(work, pending, found)


def enough(config: RunConfig, pending: Sequence[Shard], seconds_since: float | None) -> Beginning:
    """Whether so many new events let a run begin.

    Args:
        config: its `retraining` says what is enough.
        pending: shards that no published version has learned.
        seconds_since: the last publication; None before the first.
    """
    settings, events, said = config.retraining, _events(pending), _said(pending)
    if events >= settings.min_new_events:
        return Beginning("events", said)
    hours, limit = (seconds_since or 0) / _HOUR_SECONDS, settings.max_staleness_hours
    if events and limit is not None and hours > limit:
        old = f"the last publication is {hours:,.1f} hours ago, {limit:g} are allowed"
        return Beginning("staleness", f"{said}, and {old}")
    least = f"`retraining.min_new_events` = {settings.min_new_events:,}"
    return Beginning(None, f"{said}, fewer than {least}")


def drift_counts(config: RunConfig, pending: Sequence[Shard]) -> bool:
    """Whether drift of so many events lets a run begin."""
    least = config.retraining.drift_after_events
    return least is not None and least <= _events(pending) < config.retraining.min_new_events


def rejected_before(work: Work, pending: list[Shard]) -> str | None:
    """Why the run would only repeat the last verdict; None when it is another run.

    Events and settings do not decide all of it: items and users are read anew, and answer times
    measured anew. But a run that nothing of the log speaks for is not worth its hours.

    Args:
        work: the run.
        pending: its shards.
    """
    last = runs.last_judged(work.state.ledger)
    if last is None or last.state != "rejected":
        return None
    if set(last.shards) != {one.sha256 for one in pending}:
        return None
    if former_config(work.state.run(last.id)) != work.config:
        return None
    return f"the run {last.id} was rejected with the same events and settings"


def _by_drift(work: Work, pending: list[Shard], waiting: Beginning) -> Beginning:
    """What becomes of a run that waits for more events, once its drift is measured."""
    report = drift_of(work, pending)
    return waiting if report is None else drifted(pending, waiting, moved(report))


def drifted(pending: Sequence[Shard], waiting: Beginning, columns: Sequence[str]) -> Beginning:
    """Whether a run begins that would wait for more events.

    Args:
        pending: shards that no published version has learned.
        waiting: that they are too few.
        columns: those that have moved in them.
    """
    if not columns:
        return Beginning(None, f"{waiting.sentence}, and like those learned")
    names = ", ".join(f"`{one}`" for one in columns)
    return Beginning("drift", f"{_said(pending)} have drifted: {names}")


def _said(pending: Sequence[Shard]) -> str:
    return f"{_events(pending):,} new events"


def _events(pending: Sequence[Shard]) -> int:
    return sum(shard.accepted for shard in pending)


def _seconds_since(work: Work) -> float | None:
    """Seconds since a run was last published; None before the first."""
    last = runs.last_success(work.state.ledger)
    return None if last is None else work.clock() - datetime.fromisoformat(last).timestamp()
