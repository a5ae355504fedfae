"""A training of a backtest, done once."""

import shutil
import time
from typing import Any

import numpy as np

from tfrs_models.backend import tf
from trainers import run
from trainers.folders import read_done, stage
from trainers.retraining.backtest.ground import Ground, config_at
from trainers.retraining.backtest.schedule import Training
from trainers.retraining.warm.former_run import open_former
from trainers.retraining.warm.train import train_warm
from trainers.run import Trained, make_deterministic

TRAINED = "trained"
"""The record of a training, written last."""


def train_model(ground: Ground, training: Training) -> dict[str, Any]:
    """Train, unless that was done before; a training that was killed goes on where it stopped.

    Its parent is there.

    Returns:
        `seconds` of the call that ended it, and `trained_until_us`, from when on it knows nothing.
    """
    folder = ground.model(training.name)
    record = stage(folder / TRAINED, lambda: _train(ground, training))
    for place in (ground.scratch, folder / "encoded"):
        shutil.rmtree(place, ignore_errors=True)
    return record


def begin_anew(seed: int) -> None:
    """Let nothing of the models before decide anything of the next."""
    tf.keras.backend.clear_session()
    make_deterministic(seed)


def _train(ground: Ground, training: Training) -> dict[str, Any]:
    ground.console.print(f"[bold]Training[/bold] {training.name}, {training.step.day}")
    start = time.perf_counter()
    begin_anew(ground.config.seed)
    trained = _trained(ground, training)
    return {
        "seconds": time.perf_counter() - start,
        "trained_until_us": trained.trained_until_us,
    }


def _trained(ground: Ground, training: Training) -> Trained:
    config, folder = config_at(ground, training.step), ground.model(training.name)
    if training.parent is None:
        return run.train(config, ground.scratch, folder, ground.console)
    parent = ground.model(training.parent)
    former = open_former(parent, int(read_done(parent / TRAINED)["trained_until_us"]))
    made = run.prepared(config, ground.scratch, folder, ground.console, former.parent)
    fresh = np.asarray(made[0].dataset.events.time >= former.trained_until)
    return train_warm(former, made, fresh, config.retraining.warm, folder, ground.console)
