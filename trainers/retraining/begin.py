"""The run to work on: the one that was killed, or a new one."""

import secrets
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from configs.errors import ArtifactError
from configs.run import fingerprint
from tfrs_models.cli import EXIT_INTERRUPTED
from tfrs_models.durable import remove_unfinished
from trainers.folders import CONFIG, DONE, read_done, write_json
from trainers.retraining.former_config import former_config
from trainers.retraining.ledger import runs
from trainers.retraining.ledger.runs import Run
from trainers.retraining.work import Work


def begin(work: Work, trigger: str, full: bool) -> Work:
    """The run that was killed, or a new one.

    One that goes on from a version gives way to a training from the beginning that is asked for.

    Args:
        work: without a run yet.
        trigger: who calls, for the history of a new run.
        full: train from the beginning.
    """
    left = runs.unfinished(work.state.ledger)
    if left is None:
        return _new(work, trigger)
    former = replace(work, run_id=left.id)
    if full and _planned(former) == "warm":
        reason = "a training from the beginning was asked for while it was interrupted"
        runs.finish(work.state.ledger, left.id, "interrupted", EXIT_INTERRUPTED, reason, work.now())
        return _new(work, trigger)
    former.folder.mkdir(parents=True, exist_ok=True)  # somebody may have deleted it
    remove_unfinished(former.folder)
    work.console.print(f"[bold]Going on[/bold] with the run {left.id}")
    return former


def require_same_settings(work: Work) -> None:
    """Check that a run that was killed began with the settings of now.

    Raises:
        ArtifactError: it did not; it is noted as interrupted.
    """
    reason = _why_not_on(work)
    if reason is None:
        return
    code = ArtifactError.exit_code
    runs.finish(work.state.ledger, work.run_id, "interrupted", code, reason, work.now())
    raise ArtifactError(
        f"the run `{work.run_id}` cannot go on: {reason}. Run the same command again: a new run "
        "takes its place, with the same events."
    )


def _new(work: Work, trigger: str) -> Work:
    began = datetime.fromtimestamp(work.clock(), UTC)
    new = replace(work, run_id=f"{began:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}")
    new.folder.mkdir(parents=True)
    write_json(new.folder / CONFIG, new.config.model_dump(mode="json"))
    policy = new.config.retraining.policy
    run = Run(new.run_id, new.now(), trigger, policy, None, "running", None, None, "", ())
    runs.begin(new.state.ledger, run)
    return new


def _planned(work: Work) -> Any:
    """How a run trains; None where it was not planned yet."""
    folder = work.folder / "plan"
    return read_done(folder)["policy"] if (folder / DONE).exists() else None


def _why_not_on(work: Work) -> str | None:
    former = former_config(work.folder)
    if former is None:
        return "its settings are gone, or are those of another version of the program"
    if fingerprint(former) != fingerprint(work.config):
        return "the settings were changed while it was interrupted"
    return None
