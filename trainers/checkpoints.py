"""Two checkpoints of a training: the latest, to go on from, and the best, to keep."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from configs.errors import ArtifactError
from tfrs_models.backend import tf


class Checkpoints:
    """Writes and restores checkpoints; each appears whole or not at all.

    Args:
        model: built, with a built optimizer.
        folder: holds `latest/` and `best/`.
        others: variables that the batches change.
    """

    def __init__(self, model: Any, folder: Path, others: Sequence[Any] = ()) -> None:
        self._folder = folder
        self._state = tf.Variable("", dtype=tf.string, trainable=False)
        everything = tf.train.Checkpoint(
            variables=list(model.variables),
            optimizer=list(model.optimizer.variables),
            others=list(others),
            state=self._state,
        )
        self._latest = tf.train.CheckpointManager(everything, str(folder / "latest"), 2)
        self._best = _best(model, folder)

    def save_latest(self, state: str) -> None:
        """Save weights, slots and a text."""
        self._state.assign(state)
        self._latest.save()

    def save_best(self) -> None:
        """Save the weights as the best so far."""
        self._best.save()

    def restore_latest(self) -> str | None:
        """Restore weights and slots; returns the text, None when there is no checkpoint."""
        if not _restore(self._latest, self._folder):
            return None
        return str(self._state.numpy().decode())

    def restore_best(self) -> None:
        """Restore the best weights."""
        _restore_best(self._best, self._folder)


def restore_best(model: Any, folder: Path) -> None:
    """Restore the best weights of the training in `folder` into a built model.

    Raises:
        ArtifactError: there are none, or they belong to another model.
    """
    _restore_best(_best(model, folder), folder)


def _restore_best(manager: Any, folder: Path) -> None:
    if not _restore(manager, folder):
        raise ArtifactError(f"`{folder / 'best'}` holds no checkpoint: train again")


def _best(model: Any, folder: Path) -> Any:
    weights = tf.train.Checkpoint(variables=list(model.variables))
    return tf.train.CheckpointManager(weights, str(folder / "best"), 1)


def _restore(manager: Any, folder: Path) -> bool:
    path = manager.latest_checkpoint
    if path is None:
        return False
    try:
        manager.checkpoint.restore(path).assert_consumed()
    except (AssertionError, ValueError, IndexError, tf.errors.OpError) as error:
        raise ArtifactError(
            f"the checkpoint `{path}` does not fit this model: {error}. Remove the folder "
            f"`{folder}` to train this stage from the beginning."
        ) from error
    return True
