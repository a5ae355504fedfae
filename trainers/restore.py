"""Load the best weights of a finished training into a new model."""

from collections.abc import Collection
from pathlib import Path
from typing import Any, TypeVar

from tfrs_models.backend import tf
from tfrs_models.models.two_tower import TwoTower
from trainers.checkpoints import restore_best
from trainers.retrieval import Material

M = TypeVar("M", bound=TwoTower)


def restore(model: M, material: Material, folder: Path) -> M:
    """The retrieval model with the best weights of the training in `folder`.

    Raises:
        ArtifactError: there are none, or they belong to another model.
    """
    restore_best(build_two_tower(model, material), folder)
    return model


def missing_query(material: Material) -> dict[str, Any]:
    """One missing request: encoded user, context and history, [1, ...] by name."""
    tables = ("user", "context")
    names = [f.name for table in tables for f in material.spec.table(table)]  # type: ignore[arg-type]
    length = material.spec.history.length
    history = {name: tf.zeros([1, length], tf.int32) for name in material.spec.history.names()}
    return missing_rows(material, names) | history


def missing_rows(material: Material, names: Collection[str]) -> dict[str, Any]:
    """One missing row of encoded features, [1, M] by name."""
    return {
        f.name: tf.zeros([1, f.output.width], tf.int32 if f.output.kind == "ids" else tf.float32)
        for f in material.spec.features
        if f.name in names
    }


def build_two_tower(model: M, material: Material) -> M:
    """The retrieval model with all its variables, created by embedding one missing row."""
    items = missing_rows(material, [f.name for f in material.spec.table("item")])
    model.build_from(missing_query(material) | items)
    return model
