"""Load the best weights of a finished training into a new model."""

from pathlib import Path
from typing import Any, TypeVar

from tfrs_models.backend import tf
from trainers.checkpoints import restore_best
from trainers.retrieval import Material

M = TypeVar("M")


def restore(model: M, material: Material, folder: Path) -> M:
    """The model with the best weights of the training in `folder`.

    Raises:
        ArtifactError: there are none, or they belong to another model.
    """
    _build(model, material)
    restore_best(model, folder)
    return model


def _build(model: Any, material: Material) -> None:
    """Create all variables by scoring one missing row of every input."""
    one = {
        f.name: tf.zeros([1, f.output.width], tf.int32 if f.output.kind == "ids" else tf.float32)
        for f in material.spec.features
    }
    one |= {cross.name: tf.zeros([1, 1], tf.int32) for cross in material.spec.crosses}
    length = material.spec.history.length
    one |= {name: tf.zeros([1, length], tf.int32) for name in material.spec.history.names()}
    one |= {"retrieval_score": tf.zeros([1, 1])}
    model.build_from(one)
