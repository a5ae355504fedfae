"""Skew of the models of one run of retraining."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from configs.drift import DriftConfig
from configs.errors import ArtifactError, DataError
from tfrs_models.data.dataset import PreparedDataset
from tfrs_models.data.load import load_dataset
from tfrs_models.features.spec import FeatureSpec
from trainers.folders import load_run_config
from trainers.retraining.drift.findings import SkewReport
from trainers.retraining.drift.report import skew_json
from trainers.retraining.ledger import runs, versions
from trainers.retraining.retrained import chosen_name, known_ledger
from trainers.retraining.state import RUNS, state_folder
from trainers.retraining.tidy import dataset_name


@dataclass(frozen=True)
class TrainedRun:
    """What a run was trained on.

    Attributes:
        id: of the run.
        folder: of the run.
        dataset: its events, users and items.
        spec: its features.
        settings: `retraining.drift` of its configuration.
    """

    id: str
    folder: Path
    dataset: PreparedDataset
    spec: FeatureSpec
    settings: DriftConfig


def open_run(artifacts: Path, name: str | None, run_id: str | None) -> TrainedRun:
    """Open a run of a retrained model.

    Args:
        artifacts: the folder that `tfrs retrain` writes to.
        name: of the model; None where there is only one.
        run_id: the run; None for the latest published one.

    Raises:
        ArtifactError: there is no such model or run, or its data are gone or damaged.
    """
    name = chosen_name(artifacts, name)
    with known_ledger(artifacts, name) as ledger:
        run_id = runs.get(ledger, run_id).id if run_id else _latest_published(ledger, name)
    state = state_folder(artifacts, name)
    folder = state / RUNS / run_id
    dataset = _dataset(state, run_id)
    spec = FeatureSpec.load(folder / "features")
    return TrainedRun(run_id, folder, dataset, spec, load_run_config(folder).retraining.drift)


def _latest_published(ledger: sqlite3.Connection, name: str) -> str:
    version = versions.latest(ledger)
    if version is None:
        raise ArtifactError(
            f"no run of `{name}` was published yet: name one with `--run`, `tfrs runs` lists them."
        )
    return version.run_id


def _dataset(state: Path, run_id: str) -> PreparedDataset:
    name = dataset_name(state / RUNS / run_id)
    if name is None:
        raise ArtifactError(
            f"the run `{run_id}` has no prepared dataset: it made none, or it is an old one, whose "
            "data were deleted. Leave `--run` out for the latest published one."
        )
    return load_dataset(state / "datasets" / name)


def stop_on_skew(report: SkewReport) -> None:
    """Fail where skew is declared to.

    Raises:
        DataError: it is.
    """
    grave = [one["text"] for one in skew_json(report)["anomalies"] if one["action"] == "stop"]
    if grave:
        raise DataError(
            f"features were served otherwise than trained: {' '.join(grave[:3])} Look at "
            "`skew.html` and mend what the server sends, or set the `action` of the column in "
            "`retraining.drift.columns` to `warn`."
        )
