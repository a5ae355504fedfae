"""Where the retraining of one model keeps what it knows.

<artifacts>/retraining/<name>/
  ledger.db     runs, shards, versions, verdicts, deliveries
  log/          the accepted events
  datasets/     prepared datasets
  runs/<id>/    one run each: its stages, its bundle, its reports
  metrics.prom  for Prometheus
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from configs.run import RunConfig
from exports.publishing.layout import LEDGER, model_folder
from exports.publishing.ledger import read_ledger
from trainers.folders import locked
from trainers.retraining.hooks import outbox
from trainers.retraining.ledger.database import open_ledger

RETRAINING = "retraining"
MODELS = "models"
LOG = "log"
RUNS = "runs"


@dataclass(frozen=True)
class State:
    """The opened state; one process at a time has it.

    Attributes:
        folder: of the model's retraining.
        base: of all published models.
        name: of the model.
        ledger: the open ledger.
    """

    folder: Path
    base: Path
    name: str
    ledger: sqlite3.Connection

    @property
    def log(self) -> Path:
        """The accepted events."""
        return self.folder / LOG

    @property
    def runs(self) -> Path:
        """The folders of all runs."""
        return self.folder / RUNS

    def run(self, run_id: str) -> Path:
        """The folder of a run."""
        return self.runs / run_id

    @property
    def stable(self) -> int | None:
        """The version that is served; None before the first."""
        folder = model_folder(self.base, self.name)
        return read_ledger(folder).stable if (folder / LEDGER).is_file() else None


def state_folder(artifacts: Path, name: str) -> Path:
    """The folder of a model's retraining."""
    return artifacts / RETRAINING / name


def ledger_path(artifacts: Path, name: str) -> Path:
    """The ledger of a model's retraining."""
    return state_folder(artifacts, name) / "ledger.db"


def models_folder(artifacts: Path, config: RunConfig) -> Path:
    """The folder of published models."""
    place = config.retraining.publish_to
    return Path(place) if place else artifacts / MODELS


@contextmanager
def opened(artifacts: Path, config: RunConfig) -> Iterator[State]:
    """The state of a model's retraining, locked.

    Raises:
        BusyError: another process has it.
        ArtifactError: the ledger is damaged.
    """
    folder = state_folder(artifacts, config.name)
    with locked(folder), closing(open_ledger(ledger_path(artifacts, config.name))) as ledger:
        outbox.create_tables(ledger)
        yield State(folder, models_folder(artifacts, config), config.name, ledger)
