"""A stage that has nothing new to learn."""

from pathlib import Path
from typing import Any

from trainers.checkpoints import Checkpoints
from trainers.loop import Fit, State, steps_taken


def keep(model: Any, folder: Path) -> Fit:
    """Write the checkpoints of a model as a training of no step leaves them.

    Args:
        model: with the weights and slots of the former one.
        folder: of the checkpoints; another training may go on from there.
    """
    state = State(best=steps_taken(model))
    checkpoints = Checkpoints(model, folder)
    checkpoints.save_best()
    checkpoints.save_latest(state.to_json())
    return Fit(
        best=state.best,
        best_epoch=state.best_epoch,
        epochs=0,
        seconds=state.seconds,
        examples_per_second=0.0,
        curve=state.curve,
    )
