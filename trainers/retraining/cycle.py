"""One run of continuous retraining, from new files to a published version.

    lock -> ingest -> plan -> validate -> train, measure, export -> gate -> publish -> hooks

Each stage is done once and writes its record last, so a run that was killed goes on with the first
stage that has none. A run that ends by a fault has ended for good: the next one begins anew, with
the same shards. A full or failing disk is no such fault: the run goes on when it is mended. The
bundle is written before the gate, for the gate asks it as a server would.
"""

import logging
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from configs.errors import ConfigError, TfrsError
from configs.run import RunConfig
from tfrs_models.cli import disk_fault
from trainers.folders import DONE, read_done, stage
from trainers.retraining import stages
from trainers.retraining.begin import begin, require_same_settings
from trainers.retraining.end import NOTHING_NEW, PUBLISHED, Ended, end, failed, leave, reject
from trainers.retraining.hooks.run import ask, flush, notify
from trainers.retraining.idle import beginning
from trainers.retraining.learnable import NothingToLearn
from trainers.retraining.ledger import runs
from trainers.retraining.ledger.shards import Shard
from trainers.retraining.logs import logged
from trainers.retraining.lost_models import refuse_lost_models
from trainers.retraining.plan import Plan, make_plan
from trainers.retraining.publish import SERVED, number_of, publish, require_served
from trainers.retraining.rolled_back import notice_rollback
from trainers.retraining.state import opened
from trainers.retraining.work import Clock, Work

_log = logging.getLogger(__name__)
_HOOK_SECONDS = 60.0


def retrain(
    config: RunConfig,
    artifacts: Path,
    console: Console,
    *,
    trigger: str = "schedule",
    full: bool = False,
    clock: Clock = time.time,
) -> Ended:
    """Do one run, or what is left of one that was killed.

    Args:
        config: its `data.source` is `files`.
        artifacts: where everything lies.
        console: is told of the progress.
        trigger: what began the run, for the history.
        full: train from the beginning, whatever the policy says.
        clock: the time.

    Raises:
        BusyError: another process retrains this model.
        TfrsError: the run has failed, and is noted so; so is it with what nobody expected.
        OSError: the disk is full or fails; run it again, and it goes on.
    """
    _check(config)
    with opened(artifacts, config) as state:
        work = begin(Work(config, state, "", console, clock), trigger, full)
        with logged(work):
            try:
                ended = _run(work, full)
            except Exception as error:
                if isinstance(error, TfrsError) or not disk_fault(error):
                    failed(work, error)
                raise
            flush(state.ledger, config.retraining.hooks, clock, seconds=_HOOK_SECONDS)
            leave(work, ended.exit_code)
    return ended


def _check(config: RunConfig) -> None:
    """The gate and what is new are matters of time."""
    if config.data.split.type != "global_temporal":
        raise ConfigError(
            "`data.split.type` must be `global_temporal` to retrain, received "
            f"`{config.data.split.type}`: the gate looks at events after those learned."
        )


def _run(work: Work, full: bool) -> Ended:
    ledger, hooks = work.state.ledger, work.config.retraining.hooks
    require_same_settings(work)
    refuse_lost_models(work.state)
    notice_rollback(work)
    taken = stages.ingest(work)
    new = stages.chosen(work, taken)
    events = sum(shard.accepted for shard in new)
    _log.info("%d shards are pending, with %d events", len(new), events)
    nothing = _plan(work, new, full)
    if nothing is not None:
        return end(work, "nothing_new", NOTHING_NEW, nothing)
    plan = Plan.from_json(read_done(work.folder / "plan"))
    require_served(work)
    work.console.print(f"[bold]{plan.policy.capitalize()}[/bold] training: {escape(plan.reason)}")
    _log.info("%s training: %s", plan.policy, plan.reason)
    drift = stages.validate(work, new)
    for anomaly in drift["anomalies"]:
        _log.warning("drift: %s", anomaly["text"])
        work.console.print(f"[yellow]Drift[/yellow]: {escape(anomaly['text'])}")
    if drift["anomalies"]:
        notify(ledger, hooks, work.event("on_drift", drift), work.clock)
    stages.stop_on_drift(drift)
    veto = ask(ledger, hooks, work.event("pre_train", {"plan": plan.to_json()}))
    if veto is not None:
        return reject(work, f"`{veto.hook}` forbade the training: {veto.reason}")
    try:
        built = stages.build(work, plan, new)
    except NothingToLearn as nothing:
        return end(work, "nothing_new", NOTHING_NEW, str(nothing))
    _log.info("trained, measured and exported")
    notify(ledger, hooks, work.event("post_train", built), work.clock)
    return _decide(work, plan, built)


def _plan(work: Work, new: list[Shard], full: bool) -> str | None:
    """Plan the run, once; why there is nothing to do, or None."""
    folder = work.folder / "plan"
    if (folder / DONE).exists():
        return None
    begun = beginning(work, new, full)
    if begun.cause is None:
        return begun.sentence
    plan = make_plan(work.config, work.state, new, full)
    runs.note_plan(work.state.ledger, work.run_id, begun.cause, plan.policy, plan.parent)
    said = replace(plan, reason=f"{plan.reason}; {begun.sentence}")
    stage(folder, lambda: said.to_json() | {SERVED: work.state.stable})
    return None


def _decide(work: Work, plan: Plan, built: dict[str, Any]) -> Ended:
    verdict = stages.gate(work, built)
    if not verdict["passed"]:
        return reject(work, verdict["reason"], verdict["alarm"])
    if number_of(work) is None:  # else a crash came between the publication and its record
        event = work.event("pre_publish", {"reason": verdict["reason"]})
        veto = ask(work.state.ledger, work.config.retraining.hooks, event)
        if veto is not None:
            return reject(work, f"`{veto.hook}` forbade the publication: {veto.reason}")
        require_served(work)
    version = publish(work, plan, built, verdict["reason"])
    _log.info("version %d is published: %s", version.number, verdict["reason"])
    return Ended(work.run_id, PUBLISHED, verdict["reason"], version.number)
