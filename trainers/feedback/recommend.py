"""The list that each policy would show if nothing were left to chance."""

import logging
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from tfrs_models.backend import tf
from tfrs_models.evaluation.baseline import baseline_lists
from trainers.feedback.policies import ORACLE, RANDOM, TWO_TOWER
from trainers.feedback.scene import Scene
from trainers.feedback.slots import EMPTY, Lists


def recommend(base: str, scene: Scene) -> Lists:
    """The k allowed items that the policy prefers, best first: int64 [U, K], -1 is no item."""
    if base in _SPECIAL:
        return _SPECIAL[base](scene)
    return scene.item_number[_baseline(base, scene)]


def best_lists(scene: Scene) -> Lists:
    """The allowed items of the largest true click probability: no other list has more clicks.

    Examination falls with the position, so the best item stands first. Ties go to the lower item.
    """
    scores = np.where(scene.allowed, scene.chances, -1.0)
    order = np.argsort(-scores, axis=1, kind="stable")[:, : scene.k]
    possible = np.take_along_axis(scene.allowed, order, axis=1)
    return np.where(possible, order, EMPTY)


def _nothing(scene: Scene) -> Lists:
    return np.full((len(scene.queries), scene.k), EMPTY)


def _baseline(name: str, scene: Scene) -> NDArray[np.int32]:
    config = scene.config
    return baseline_lists(
        name, config.evaluation, scene.dataset, scene.queries, scene.k, config.seed
    )


def _two_tower(scene: Scene) -> Lists:
    """Features fitted and a model trained anew, for the configured number of epochs."""
    from trainers.retrieval import refit_retrieval, retrieve
    from trainers.run import make_deterministic, prepared
    from trainers.watch import Watch

    # Each round traces its own graphs, which TensorFlow takes for a mistake and warns of.
    tf.get_logger().setLevel(logging.ERROR)
    tf.keras.backend.clear_session()
    make_deterministic(scene.config.seed)
    quiet = Console(quiet=True)
    material, _ = prepared(scene.config, scene.folder, scene.folder, quiet)
    epochs = scene.config.retrieval.training.epochs
    target = scene.folder / "retrieval"
    with Watch("retrieval", "steps", target / "logs", quiet) as watch:
        model, _ = refit_retrieval(material, epochs, target, watch)
    lists = retrieve(model, material, scene.queries, scene.k, material.dataset.num_items)
    return scene.item_number[lists]


_SPECIAL: Mapping[str, Callable[[Scene], Lists]] = {
    ORACLE: best_lists,
    RANDOM: _nothing,
    TWO_TOWER: _two_tower,
}
