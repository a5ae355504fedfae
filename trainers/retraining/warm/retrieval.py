"""The retrieval stage of a warm training."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from configs.retraining import WarmConfig
from tfrs_models.models.two_tower import TwoTower
from trainers.loop import Fit, known_epochs, steps_taken
from trainers.optimizers.build import retrieval_optimizer
from trainers.restore import build_two_tower, restore
from trainers.retraining.warm.events import learned_again
from trainers.retraining.warm.former_run import FormerRun
from trainers.retraining.warm.kept import keep
from trainers.retraining.warm.weights import take_over
from trainers.retrieval import Material, fit_two_tower, new_batches, new_two_tower
from trainers.roles import window_width
from trainers.stages import trained
from trainers.watch import Watch


def train_retrieval(
    former: FormerRun,
    material: Material,
    fresh: NDArray[np.bool_],
    settings: WarmConfig,
    folder: Path,
    console: Console,
) -> TwoTower:
    """The retrieval model that has learned the new events, trained now or before.

    It learns them together with older ones, see `learned_again`. Where none of them is a positive
    training event it stays as it was.
    """

    def train(watch: Watch) -> tuple[TwoTower, Fit]:
        new = fresh & material.dataset.events.learned
        if new.any():
            console.print("[bold]Retrieval[/bold] goes on with the new events")
            return _go_on(former, material, new, settings, folder, watch)
        console.print("[bold]Retrieval[/bold] stays as it was, there is nothing new to learn")
        model = former_two_tower(former, material)
        return model, keep(model, folder)

    return trained(
        lambda: Watch("retrieval", "steps", folder / "logs", console),
        folder,
        train,
        lambda: restore(new_two_tower(material), material, folder),
    )


def _go_on(
    former: FormerRun,
    material: Material,
    new: NDArray[np.bool_],
    settings: WarmConfig,
    folder: Path,
    watch: Watch,
) -> tuple[TwoTower, Fit]:
    model = new_two_tower(material)
    chosen = _learned(material, model, new, settings)
    training = known_epochs(chosen.config.retrieval.training, settings.retrieval_epochs)
    batches = new_batches(model, chosen)
    start = partial(take_over, former.retrieval, model)
    grows = partial(steps_taken, model)
    return model, fit_two_tower(model, batches, chosen, training, grows, folder, watch, start)


def _learned(
    material: Material, model: TwoTower, new: NDArray[np.bool_], settings: WarmConfig
) -> Material:
    recent = window_width(model.causal, material.spec.history.length)
    share, seed = settings.replay_share, material.config.seed
    return replace(material, dataset=learned_again(material.dataset, new, share, recent, seed))


def former_two_tower(former: FormerRun, material: Material) -> TwoTower:
    """The retrieval model as it was, with the rows of now."""
    model = build_two_tower(new_two_tower(material), material)
    model.compile(optimizer=retrieval_optimizer(material.config.retrieval.training, 1))
    model.optimizer.build(model.trainable_variables)
    take_over(former.retrieval, model)
    return model
