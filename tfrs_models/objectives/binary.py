"""Logistic loss of labels from 0 to 1: the output is a probability."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from configs.section import Section
from tfrs_models.backend import tf
from tfrs_models.objectives._pairs import Pairs, weighted_mean

RANGE = (0.0, 1.0)
ORDERS = True

_LEAST = 1e-6


class Options(Section):
    """No settings."""


def scaling(labels: NDArray[np.floating], weights: NDArray[np.floating]) -> tuple[float, float]:
    """The log odds of the labels, at which the model starts, and 1."""
    share = float(np.clip(np.average(labels, weights=weights), _LEAST, 1 - _LEAST))
    return math.log(share / (1 - share)), 1.0


def output(logits: Any, scaling: Any) -> Any:  # noqa: ARG001
    """Probabilities, not calibrated."""
    return tf.math.sigmoid(logits)


def loss(options: Options, pairs: Pairs) -> Any:  # noqa: ARG001
    """Mean over what the pairs stand for of the cross entropy."""
    losses = tf.nn.sigmoid_cross_entropy_with_logits(pairs.known_labels, pairs.logits)
    return weighted_mean(losses, pairs.weights)
