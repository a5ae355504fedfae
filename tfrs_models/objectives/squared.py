"""Squared error of a number, such as a rating or seconds of watching."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from configs.section import Section
from tfrs_models.backend import tf
from tfrs_models.objectives._pairs import Pairs, weighted_mean

RANGE = (-math.inf, math.inf)
ORDERS = False


class Options(Section):
    """No settings."""


def scaling(labels: NDArray[np.floating], weights: NDArray[np.floating]) -> tuple[float, float]:
    """The mean of the labels, in standard deviations, at which the model starts, and one of them.

    So the model learns differences from the mean that are about 1.
    """
    mean = float(np.average(labels, weights=weights))
    deviation = math.sqrt(float(np.average((labels - mean) ** 2, weights=weights))) or 1.0
    return mean / deviation, deviation


def output(logits: Any, scaling: Any) -> Any:
    """The number itself."""
    return logits * scaling[1]


def loss(options: Options, pairs: Pairs) -> Any:  # noqa: ARG001
    """Mean squared error in standard deviations of the labels."""
    error = pairs.logits - pairs.known_labels / pairs.scaling[1]
    return weighted_mean(tf.square(error), pairs.weights)
