"""One run of continuous retraining, from new files to a published version.

    lock -> ingest -> plan -> validate -> train, measure, export -> gate -> publish -> hooks

Each stage is done once and writes its record last, so a run that was killed goes on with the first
stage that has none. A run that ends by a fault has ended for good: the next one begins anew, with
the same shards. The bundle is written before the gate, for the gate asks it as a server would.
"""

import logging
import secrets
import time
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from configs.errors import ArtifactError, ConfigError, TfrsError
from configs.run import RunConfig, fingerprint
from tfrs_models.durable import remove_unfinished
from trainers.folders import CONFIG, DONE, read_done, stage, write_json
from trainers.retraining import stages
from trainers.retraining.former_config import former_config
from trainers.retraining.hooks import outbox
from trainers.retraining.hooks.run import ask, flush, notify
from trainers.retraining.idle import beginning
from trainers.retraining.ledger import runs
from trainers.retraining.ledger.database import transaction
from trainers.retraining.ledger.runs import Run
from trainers.retraining.ledger.shards import Shard
from trainers.retraining.logs import logged
from trainers.retraining.metrics_file import write_metrics_file
from trainers.retraining.plan import Plan, make_plan
from trainers.retraining.publish import publish
from trainers.retraining.rolled_back import notice_rollback
from trainers.retraining.state import State, opened
from trainers.retraining.tidy import tidy
from trainers.retraining.work import Clock, Work, iso

PUBLISHED, REJECTED, NOTHING_NEW = 0, 10, 11
_log = logging.getLogger(__name__)
_HOOK_SECONDS = 60.0


@dataclass(frozen=True)
class Ended:
    """How a run has ended.

    Attributes:
        run_id: the run.
        exit_code: 0 published, 10 trained but rejected, 11 nothing new.
        reason: why, in a sentence.
        version: the published one; None for the others.
    """

    run_id: str
    exit_code: int
    reason: str
    version: int | None = None


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
        TfrsError: the run has failed, and is noted so.
    """
    _check(config)
    with opened(artifacts, config) as state:
        work = _begin(config, state, console, trigger, clock)
        with logged(work):
            try:
                ended = _run(work, full)
            except TfrsError as error:
                _failed(work, error)
                raise
            flush(state.ledger, config.retraining.hooks, clock, seconds=_HOOK_SECONDS)
            write_metrics_file(work, ended.exit_code)
            tidy(state)
    return ended


def _check(config: RunConfig) -> None:
    """The gate and what is new are matters of time."""
    if config.data.split.type != "global_temporal":
        raise ConfigError(
            "`data.split.type` must be `global_temporal` to retrain, received "
            f"`{config.data.split.type}`: the gate looks at events after those learned."
        )


def _begin(config: RunConfig, state: State, console: Console, trigger: str, clock: Clock) -> Work:
    """The run that was killed, or a new one."""
    left = runs.unfinished(state.ledger)
    if left is not None:
        return _go_on(left, config, state, console, clock)
    run_id = f"{datetime.fromtimestamp(clock()):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
    work = Work(config, state, run_id, console, clock)
    work.folder.mkdir(parents=True)
    write_json(work.folder / CONFIG, config.model_dump(mode="json"))
    policy = config.retraining.policy
    runs.begin(
        state.ledger,
        Run(run_id, work.now(), trigger, policy, None, "running", None, None, "", ()),
    )
    return work


def _go_on(left: Run, config: RunConfig, state: State, console: Console, clock: Clock) -> Work:
    """The run that was killed.

    Raises:
        ArtifactError: it began with other settings; it is noted as interrupted.
    """
    work = Work(config, state, left.id, console, clock)
    remove_unfinished(work.folder)
    reason = _why_not_on(work)
    if reason is not None:
        runs.finish(
            state.ledger, left.id, "interrupted", ArtifactError.exit_code, reason, iso(clock())
        )
        raise ArtifactError(
            f"the run `{left.id}` cannot go on: {reason}. Run the same command again: a new run "
            "takes its place, with the same events."
        )
    console.print(f"[bold]Going on[/bold] with the run {left.id}")
    return work


def _why_not_on(work: Work) -> str | None:
    former = former_config(work.folder)
    if former is None:
        return "another version of the program began it"
    if fingerprint(former) != fingerprint(work.config):
        return "the settings were changed while it was interrupted"
    return None


def _run(work: Work, full: bool) -> Ended:
    ledger, hooks = work.state.ledger, work.config.retraining.hooks
    notice_rollback(work)
    taken = stages.ingest(work)
    new = stages.chosen(work, taken)
    events = sum(shard.accepted for shard in new)
    _log.info("%d shards are pending, with %d events", len(new), events)
    nothing = _plan(work, new, full)
    if nothing is not None:
        return _end(work, "nothing_new", NOTHING_NEW, nothing)
    plan = Plan.from_json(read_done(work.folder / "plan"))
    work.console.print(f"[bold]{plan.policy.capitalize()}[/bold] training: {plan.reason}")
    _log.info("%s training: %s", plan.policy, plan.reason)
    drift = stages.validate(work, new)
    for anomaly in drift["anomalies"]:
        _log.warning("drift: %s", anomaly["text"])
        work.console.print(f"[yellow]Drift[/yellow]: {anomaly['text']}")
    if drift["anomalies"]:
        notify(ledger, hooks, work.event("on_drift", drift), work.clock)
    stages.stop_on_drift(drift)
    veto = ask(ledger, hooks, work.event("pre_train", {"plan": plan.to_json()}))
    if veto is not None:
        return _reject(work, f"`{veto.hook}` forbade the training: {veto.reason}")
    built = stages.build(work, plan, new)
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
    runs.add_cause(work.state.ledger, work.run_id, begun.cause)
    plan = make_plan(work.config, work.state, new, full)
    said = replace(plan, reason=f"{plan.reason}; {begun.sentence}")
    stage(folder, said.to_json)
    return None


def _decide(work: Work, plan: Plan, built: dict[str, Any]) -> Ended:
    verdict = stages.gate(work, built)
    if not verdict["passed"]:
        return _reject(work, verdict["reason"], verdict["alarm"])
    event = work.event("pre_publish", {"reason": verdict["reason"]})
    veto = ask(work.state.ledger, work.config.retraining.hooks, event)
    if veto is not None:
        return _reject(work, f"`{veto.hook}` forbade the publication: {veto.reason}")
    version = publish(work, plan, built, verdict["reason"])
    _log.info("version %d is published: %s", version.number, verdict["reason"])
    return Ended(work.run_id, PUBLISHED, verdict["reason"], version.number)


def _reject(work: Work, reason: str, alarm: str | None = None) -> Ended:
    event = work.event("on_reject", {"reason": reason, "alarm": alarm})
    with transaction(work.state.ledger):  # or a kill between the two leaves the hooks untold
        ended = _end(work, "rejected", REJECTED, reason)
        outbox.put(work.state.ledger, work.config.retraining.hooks, event)
    return ended


def _end(work: Work, state: Any, exit_code: int, reason: str) -> Ended:
    runs.finish(work.state.ledger, work.run_id, state, exit_code, reason, work.now())
    _log.info("%s: %s", state, reason)
    return Ended(work.run_id, exit_code, reason)


def _failed(work: Work, error: TfrsError) -> None:
    """Note a fault that the user must mend, and tell the hooks."""
    _log.error("%s", error)
    ledger, hooks = work.state.ledger, work.config.retraining.hooks
    event = work.event("on_error", {"error": str(error), "exit_code": error.exit_code})
    with transaction(ledger):
        if runs.get(ledger, work.run_id).state == "running":
            runs.finish(ledger, work.run_id, "failed", error.exit_code, str(error), work.now())
        outbox.put(ledger, hooks, event)
    outbox.deliver_due(ledger, hooks, work.clock)
    write_metrics_file(work, error.exit_code)
