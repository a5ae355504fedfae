"""Huber's loss of a number: squared near the label, linear far away, so outliers count less."""

from typing import Annotated, Any

from pydantic import Field

from configs.section import Section
from tfrs_models.backend import tf
from tfrs_models.objectives._pairs import Pairs, weighted_mean
from tfrs_models.objectives.squared import ORDERS, RANGE, output, scaling

__all__ = ["ORDERS", "RANGE", "Options", "loss", "output", "scaling"]


class Options(Section):
    """Where the loss becomes linear."""

    delta: Annotated[float, Field(gt=0)] = 1.0
    """Error at which it does, in standard deviations of the labels."""


def loss(options: Options, pairs: Pairs) -> Any:
    """Mean Huber loss in standard deviations of the labels (Huber 1964)."""
    error = tf.abs(pairs.logits - pairs.known_labels / pairs.scaling[1])
    inside = tf.minimum(error, options.delta)
    return weighted_mean(inside * (error - 0.5 * inside), pairs.weights)
