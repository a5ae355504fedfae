"""One training of a search."""

import shutil
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from configs.errors import ConfigError, DataError
from configs.load import changed
from tfrs_models.backend import tf
from tfrs_models.cli import disk_fault
from tfrs_models.features.fit import history_spec
from trainers.retrieval import Material, train_retrieval
from trainers.tune.record import Curve, Pruned, Report, State, Trial
from trainers.watch import Watch


class TrialWatch(Watch):
    """Reports the curve after each evaluation and draws nothing."""

    def __init__(self, logs: Path, report: Report) -> None:
        super().__init__("trial", "metric", logs, Console(quiet=True))
        self._report = report
        self.curve: Curve = ()

    def evaluation(self, epoch: int, metric: float, best: float) -> None:  # noqa: ARG002
        """An evaluation has ended."""
        self.curve = (*self.curve, (epoch, metric))
        self._report(self.curve)


def try_settings(
    number: int, settings: Mapping[str, Any], material: Material, folder: Path, report: Report
) -> Trial:
    """Train with other settings; an error of the settings or of the training is recorded.

    Args:
        number: of the trial.
        settings: values by `key.path`, laid over the material's configuration.
        material: what every trial is trained on.
        folder: for checkpoints; emptied before, removed afterwards.
        report: is told of each evaluation.
    """
    start = time.perf_counter()
    try:
        trial = train_trial(number, settings, material, folder, report)
    except (ConfigError, DataError, tf.errors.OpError) as error:
        if disk_fault(error):
            raise
        seconds = time.perf_counter() - start
        return Trial(number, settings, "failed", None, seconds, (), _one_line(error))
    return trial


def train_trial(
    number: int, settings: Mapping[str, Any], material: Material, folder: Path, report: Report
) -> Trial:
    """Train with other settings, as `try_settings` does, but let errors through.

    The weights depend on the settings and on the seed alone, not on earlier trials.

    Raises:
        ConfigError: the settings do not go together.
        DataError: the training diverged.
    """
    start = time.perf_counter()
    material = with_settings(material, settings)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    tf.keras.backend.clear_session()
    tf.keras.utils.set_random_seed(material.config.seed)
    watch = TrialWatch(folder / "logs", report)
    try:
        state, value = _train(material, folder, watch)
    finally:
        shutil.rmtree(folder)
    return Trial(number, settings, state, value, time.perf_counter() - start, watch.curve)


def _train(material: Material, folder: Path, watch: TrialWatch) -> tuple[State, float]:
    try:
        with watch:
            _, fitted = train_retrieval(material, folder, watch)
    except Pruned:
        return "pruned", max(metric for _, metric in watch.curve)
    return "complete", fitted.best


def with_settings(material: Material, settings: Mapping[str, Any]) -> Material:
    """The same data under other settings of the retrieval stage or of the history."""
    config = changed(material.config, settings)
    history = history_spec(config.features.history, material.dataset)
    return replace(material, config=config, spec=replace(material.spec, history=history))


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
