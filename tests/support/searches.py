"""Searches and trials for the tests of `trainers.tune`."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from support.datasets import make_dataset
from support.training import make_material

from configs.load import load_config
from configs.tune import TuneConfig
from trainers.loop import Fit
from trainers.retrieval import Material
from trainers.tune.record import State, Trial
from trainers.tune.search import Search
from trainers.watch import Watch

WIDTH, RATE = "retrieval.embedding_dim", "retrieval.training.embedding_learning_rate"
SHARE = "retrieval.history_share"

SPACE: Mapping[str, Any] = {
    WIDTH: {"low": 8, "high": 64},
    RATE: {"low": 0.0001, "high": 0.1, "log": True},
    SHARE: {"choices": [[0.6, 0.9], [0.5, 0.8]]},
}
PRESENT: Mapping[str, Any] = {WIDTH: 64, RATE: 0.001, SHARE: [0.6, 0.9]}
"""What the preset `demo` has."""


def make_search(source: str = "demo", space: Mapping[str, Any] = SPACE, seed: int = 1) -> Search:
    """A search around a preset or a file."""
    tuning = TuneConfig.model_validate({"space": space, "seed": seed})
    return Search.of(source, load_config(source), tuning)


def make_trial(
    number: int,
    value: float | None = 0.25,
    state: State = "complete",
    curve: tuple[float, ...] = (),
    reason: str = "",
    **settings: Any,
) -> Trial:
    """A trial of `SPACE`; `settings` are named by `width`, `rate` and `share`."""
    keys = {"width": WIDTH, "rate": RATE, "share": SHARE}
    changes = {keys[name]: setting for name, setting in settings.items()}
    epochs = tuple(enumerate(curve, start=1))
    return Trial(number, {**PRESENT, **changes}, state, value, 2.5, epochs, reason)


def small_material(folder: Path) -> Material:
    """Six users with four training events each, under the settings of `PRESENT`."""
    user = np.repeat(np.arange(6), 4)
    item = (np.arange(24) + user) % 5
    training = {"embedding_learning_rate": 0.001}
    material, _ = make_material(
        make_dataset(folder / "dataset", user, item),
        folder,
        name="small",
        retrieval={"embedding_dim": 64, "training": training},
    )
    return material


Training = Callable[[Material, Path, Watch], tuple[None, Fit]]


def scripted(curve: Callable[[Material], list[float]]) -> Training:
    """Stands for `train_retrieval`: evaluates to the values of a curve, one an epoch."""

    def train(material: Material, folder: Path, watch: Watch) -> tuple[None, Fit]:
        (folder / "latest").mkdir()
        values = curve(material)
        for epoch, value in enumerate(values, start=1):
            watch.evaluation(epoch, value, max(values))
        return None, Fit(max(values), 1, len(values), 1.0, 1.0, ())

    return train
