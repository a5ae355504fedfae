"""Why a run has nothing to do."""

from configs.run import RunConfig
from trainers.retraining.former_config import former_config
from trainers.retraining.ledger import gates, runs
from trainers.retraining.ledger.shards import Shard
from trainers.retraining.work import Work

_HOUR_SECONDS = 3_600
_LOOKED_AT = 100
"""Runs before this one that are looked at; those that had nothing to do are many."""


def enough(
    config: RunConfig, pending: list[Shard], seconds_since: float | None, full: bool
) -> str | None:
    """Why there is nothing to do; None when there is something.

    Args:
        config: its `retraining` says what is enough.
        pending: shards that no published version has learned.
        seconds_since: the last publication; None before the first.
        full: whether a training from the beginning was asked for.
    """
    settings = config.retraining
    events = sum(shard.accepted for shard in pending)
    if full or events >= settings.min_new_events:
        return None
    limit = settings.max_staleness_hours
    stale = limit is not None and (seconds_since or 0) > limit * _HOUR_SECONDS
    if stale and events:
        return None
    return (
        f"{events:,} new events, fewer than `retraining.min_new_events` = "
        f"{settings.min_new_events:,}"
    )


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
