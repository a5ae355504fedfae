"""Scores of a batch, and what the losses should make of them in float64."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfrs_models.backend import tf
from tfrs_models.losses._scores import Scores

TARGETS, QUERIES, NEGATIVES = 7, 4, 5


def _normal(*shape: int, seed: int) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(0, 0.5, shape)


@dataclass(frozen=True)
class Case:
    """The arrays of a `Scores` in float64. Query 1 has no target; one negative is not usable."""

    positive: NDArray[Any] = field(default_factory=lambda: _normal(TARGETS, seed=1))
    owner: NDArray[Any] = field(default_factory=lambda: np.array([0, 0, 2, 2, 2, 3, 3]))
    negative: NDArray[Any] = field(default_factory=lambda: _normal(QUERIES, NEGATIVES, seed=2))
    usable: NDArray[Any] = field(
        default_factory=lambda: np.arange(QUERIES * NEGATIVES).reshape(QUERIES, -1) != 12
    )
    count: NDArray[Any] = field(default_factory=lambda: np.array([1.0, 2, 1, 3, 1]))
    log_expected: NDArray[Any] = field(default_factory=lambda: _normal(NEGATIVES, seed=3))
    positive_log_expected: NDArray[Any] = field(default_factory=lambda: _normal(TARGETS, seed=4))
    weight: NDArray[Any] = field(default_factory=lambda: np.linspace(0.5, 2.0, TARGETS))
    temperature: float = 0.4
    num_items: int = 50

    def scores(self) -> Scores:
        """As tensors."""
        integers = {"owner": tf.int32, "usable": tf.bool}
        tensors = {
            name: tf.constant(value, integers.get(name, tf.float32))
            for name, value in vars(self).items()
        }
        return Scores(**tensors, seed=tf.constant([3, 4]))

    def mean(self, losses: Any) -> float:
        """Sum of weighted losses over the number of targets."""
        return float((self.weight * losses).sum() / len(self.weight))
