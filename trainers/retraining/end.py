"""How a run ends, and what follows its end."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from rich.markup import escape

from configs.errors import TfrsError
from tfrs_models.cli import EXIT_INTERNAL
from trainers.retraining.hooks import outbox
from trainers.retraining.ledger import runs
from trainers.retraining.ledger.database import transaction
from trainers.retraining.ledger.runs import State
from trainers.retraining.metrics_file import write_metrics_file
from trainers.retraining.tidy import tidy
from trainers.retraining.work import Work

PUBLISHED, REJECTED, NOTHING_NEW = 0, 10, 11
_log = logging.getLogger(__name__)


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


def end(work: Work, state: State, exit_code: int, reason: str) -> Ended:
    """Note how a run has ended."""
    runs.finish(work.state.ledger, work.run_id, state, exit_code, reason, work.now())
    _log.info("%s: %s", state, reason)
    return Ended(work.run_id, exit_code, reason)


def reject(work: Work, reason: str, alarm: str | None = None) -> Ended:
    """Note that a run is not published, and who is to be told."""
    event = work.event("on_reject", {"reason": reason, "alarm": alarm})
    with transaction(work.state.ledger):  # or a kill between the two leaves the hooks untold
        ended = end(work, "rejected", REJECTED, reason)
        outbox.put(work.state.ledger, work.config.retraining.hooks, event)
    return ended


def failed(work: Work, error: Exception) -> None:
    """Note a fault that somebody must mend, tell the hooks, and leave."""
    expected = isinstance(error, TfrsError)
    exit_code = error.exit_code if isinstance(error, TfrsError) else EXIT_INTERNAL
    said = str(error) if expected else f"unexpected {type(error).__name__}: {error}"
    _log.error("%s", said, exc_info=None if expected else error)
    ledger, hooks = work.state.ledger, work.config.retraining.hooks
    event = work.event("on_error", {"error": said, "exit_code": exit_code})
    with transaction(ledger):
        if runs.get(ledger, work.run_id).state == "running":
            runs.finish(ledger, work.run_id, "failed", exit_code, said, work.now())
        outbox.put(ledger, hooks, event)
    outbox.deliver_due(ledger, hooks, work.clock)
    leave(work, exit_code)


def leave(work: Work, exit_code: int) -> None:
    """Delete what is old and write the metrics; neither changes how the run has ended."""
    _tried(work, "old runs could not be deleted", lambda: tidy(work.state))
    _tried(work, "metrics could not be written", lambda: write_metrics_file(work, exit_code))


def _tried(work: Work, what: str, step: Callable[[], None]) -> None:
    try:
        step()
    except OSError as error:
        _log.warning("%s: %s", what, error)
        work.console.print(f"[yellow]Warning[/yellow]: {what}: {escape(str(error))}")
