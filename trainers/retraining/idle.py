"""What lets a run begin, or why it has nothing to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from configs.run import RunConfig
from trainers.retraining.drifted import drift_of, moved
from trainers.retraining.former_config import former_config
from trainers.retraining.ledger import gates, runs
from trainers.retraining.ledger.shards import Shard
from trainers.retraining.work import Work

Cause = Literal["asked for", "events", "staleness", "drift"]

_HOUR_SECONDS = 3_600
_LOOKED_AT = 100
"""Runs before this one that are looked at; those that had nothing to do are many."""


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
    found = enough(work.config, pending, _seconds_since(work), full)
    if full or (found.cause is None and not drift_counts(work.config, pending)):
        return found
    rejected = rejected_before(work, pending)
    if rejected is not None:
        return Beginning(None, rejected)
    return found if found.cause else _drifted(work, pending)


def enough(
    config: RunConfig,
    pending: Sequence[Shard],
    seconds_since: float | None,
    full: bool,
    drifted: Sequence[str] | None = None,
) -> Beginning:
    """Whether what is new lets a run begin.

    Args:
        config: its `retraining` says what is enough.
        pending: shards that no published version has learned.
        seconds_since: the last publication; None before the first.
        full: whether a training from the beginning was asked for.
        drifted: columns that have moved in the pending shards; None where that was not measured.
    """
    settings, events = config.retraining, _events(pending)
    said = f"{events:,} new events"
    if full:
        return Beginning("asked for", said)
    if events >= settings.min_new_events:
        return Beginning("events", said)
    hours, limit = (seconds_since or 0) / _HOUR_SECONDS, settings.max_staleness_hours
    if events and limit is not None and hours > limit:
        old = f"the last publication is {hours:,.1f} hours ago, {limit:g} are allowed"
        return Beginning("staleness", f"{said}, and {old}")
    if drifted and drift_counts(config, pending):
        columns = ", ".join(f"`{one}`" for one in drifted)
        return Beginning("drift", f"{said} have drifted: {columns}")
    few = f"{said}, fewer than `retraining.min_new_events` = {settings.min_new_events:,}"
    return Beginning(None, few if drifted is None else f"{few}, and like those learned")


def drift_counts(config: RunConfig, pending: Sequence[Shard]) -> bool:
    """Whether drift of so many events lets a run begin."""
    least = config.retraining.drift_after_events
    return least is not None and least <= _events(pending) < config.retraining.min_new_events


def rejected_before(work: Work, pending: list[Shard]) -> str | None:
    """Why the run would be rejected; None when it is another one than the last.

    Weights are a function of events and settings, and so is the verdict on them.

    Args:
        work: the run.
        pending: its shards.
    """
    ledger = work.state.ledger
    others = (one for one in runs.latest(ledger, _LOOKED_AT) if one.id != work.run_id)
    last = next((one for one in others if one.state != "nothing_new"), None)
    if last is None or last.state != "rejected":
        return None
    verdict = gates.find(ledger, last.id)
    if verdict is None or verdict.passed or set(last.shards) != {one.sha256 for one in pending}:
        return None
    if former_config(work.state.run(last.id)) != work.config:
        return None
    return f"the run {last.id} was rejected with the same events and settings"


def _drifted(work: Work, pending: list[Shard]) -> Beginning:
    report = drift_of(work, pending)
    found = None if report is None else moved(report)
    return enough(work.config, pending, _seconds_since(work), full=False, drifted=found)


def _events(pending: Sequence[Shard]) -> int:
    return sum(shard.accepted for shard in pending)


def _seconds_since(work: Work) -> float | None:
    """Seconds since a run was last published; None before the first."""
    last = runs.last_success(work.state.ledger)
    return None if last is None else work.clock() - datetime.fromisoformat(last).timestamp()
