"""What the stages of one run share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from configs.hooks import EventKind
from configs.run import RunConfig
from trainers.retraining.hooks.events import Event, make_event
from trainers.retraining.intake.log_config import log_config, recent
from trainers.retraining.ledger.shards import in_log
from trainers.retraining.state import State

Clock = Callable[[], float]
"""Seconds since 1970 UTC."""


@dataclass(frozen=True)
class Work:
    """One run.

    Attributes:
        config: as the user wrote it.
        state: of the model's retraining.
        run_id: the run.
        console: is told of the progress.
        clock: the time.
    """

    config: RunConfig
    state: State
    run_id: str
    console: Console
    clock: Clock

    @property
    def folder(self) -> Path:
        """Of the run."""
        return self.state.run(self.run_id)

    @property
    def reading(self) -> RunConfig:
        """The configuration that reads the accepted log."""
        kept = recent(in_log(self.state.ledger), self.config.retraining.log_days)
        return log_config(self.config, self.state.log, kept)

    def now(self) -> str:
        """The time, ISO 8601 in UTC."""
        return iso(self.clock())

    def event(self, kind: EventKind, payload: Mapping[str, Any]) -> Event:
        """Something to tell the hooks."""
        return make_event(kind, self.run_id, self.state.name, self.clock(), payload)


def iso(seconds: float) -> str:
    """A time, ISO 8601 in UTC, to the second."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
