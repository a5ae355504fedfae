"""Cosine contrastive loss (SimpleX, Mao et al. 2021, equation 1).

Targets are pulled to a score of 1; negatives are pushed only while they are above a margin, so
easy ones cost nothing.
"""

from typing import Annotated, Any

from pydantic import Field

from configs.section import Section
from tfrs_models.backend import tf
from tfrs_models.losses._scores import Scores, weighted_mean


class Options(Section):
    """Margin and weight of the negatives."""

    margin: Annotated[float, Field(ge=-1, lt=1)] = 0.4
    """Negatives below this score cost nothing."""
    negative_weight: Annotated[float, Field(gt=0)] = 150.0
    """Weight of the mean over the negatives against one target."""


def loss(options: Options, scores: Scores) -> Any:
    """Weighted mean over the targets of 1 - s+ + negative_weight * mean_j max(0, s_j - margin).

    The temperature plays no part.
    """
    count = scores.usable_count
    above = count * tf.nn.relu(scores.negative - options.margin)
    negative = tf.math.divide_no_nan(tf.reduce_sum(above, 1), tf.reduce_sum(count, 1))
    pushed = options.negative_weight * tf.gather(negative, scores.owner)
    return weighted_mean(1.0 - scores.positive + pushed, scores.weight)
