"""What every objective reads, and the contract of its module.

Legend: P lists, G candidates of a list.
"""

from typing import Any, NamedTuple, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from configs import plugins
from configs.errors import DataError
from configs.section import Section
from tfrs_models.backend import tf


class Pairs(NamedTuple):
    """Lists of candidates, each drawn for one positive, which stands first.

    Attributes:
        logits: float32 [P, G].
        labels: float32 [P, G]; NaN where a label is not known.
        usable: bool [P, G], False where a place holds nothing to learn from.
        stands_for: float32 [P, G], candidates of the list that each drawn one stands for.
        positives: float32 [P], positives of the request, each of which has a list of its own.
        scaling: float32 [2], see `Objective.scaling`.
    """

    logits: Any
    labels: Any
    usable: Any
    stands_for: Any
    positives: Any
    scaling: Any

    @property
    def weights(self) -> Any:
        """How much each pair counts by itself: float32 [P, G], 0 where nothing is known.

        The candidates that one request has are divided among its lists.
        """
        first = tf.range(tf.shape(self.logits)[1]) == 0
        each = tf.where(first, self.stands_for, self.stands_for / self.positives[:, tf.newaxis])
        return tf.where(self.usable & ~tf.math.is_nan(self.labels), each, 0.0)

    @property
    def known_labels(self) -> Any:
        """The labels, 0 where they are not known: float32 [P, G]."""
        return tf.where(tf.math.is_nan(self.labels), 0.0, self.labels)


class Objective(Protocol):
    """What the module of an objective offers; it imports without TensorFlow."""

    Options: type[Section]
    RANGE: tuple[float, float]
    ORDERS: bool

    def scaling(
        self, labels: NDArray[np.floating], weights: NDArray[np.floating]
    ) -> tuple[float, float]:
        """Where logits start, and the scale of the output, from known labels [N] and weights."""

    def output(self, logits: Any, scaling: Any) -> Any:
        """What the task predicts: float32 of the shape of the logits."""

    def loss(self, options: Any, pairs: Pairs) -> Any:
        """The loss of a batch: float32 scalar."""


def objective(name: str) -> Objective:
    """The objective called `name`.

    Raises:
        ConfigError: no such objective.
    """
    return cast(Objective, plugins.load("objective", name))


def weighted_mean(losses: Any, weights: Any) -> Any:
    """Mean of losses by their weights, both of one shape; 0 without any weight."""
    return tf.math.divide_no_nan(tf.reduce_sum(losses * weights), tf.reduce_sum(weights))


def check_labels(task: str, name: str, labels: NDArray[np.floating]) -> None:
    """Check that a task has something to learn from.

    Args:
        task: its name, for the message.
        name: its objective.
        labels: floating [N]; NaN where a label is not known.

    Raises:
        DataError: no label is known, one is outside the range, or a binary task has one class.
    """
    low, high = objective(name).RANGE
    known = labels[~np.isnan(labels)]
    if not len(known):
        raise DataError(
            f"`ranking.tasks.{task}` has no label among the examples: choose another `label` or "
            "leave the task out"
        )
    outside = known[(known < low) | (known > high) | ~np.isfinite(known)]
    if len(outside):
        raise DataError(
            f"`ranking.tasks.{task}` has the label {outside[0]:g}, and the objective `{name}` "
            f"takes labels from {low:g} to {high:g}: mend the data, or choose another objective"
        )
    if (low, high) == (0.0, 1.0) and (known.max() == 0 or known.min() == 1):
        absent = "positive" if known.max() == 0 else "negative"
        raise DataError(
            f"`ranking.tasks.{task}` has no {absent} label among {len(known):,} examples: choose "
            "another `label`, enlarge the validation part of `data.split.options`, or leave the "
            "task out"
        )
