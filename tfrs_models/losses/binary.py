"""Binary cross entropy with the calibration of gSASRec (Petrov and Macdonald 2023)."""

from typing import Annotated, Any

from pydantic import Field

from configs.section import Section
from tfrs_models.backend import tf
from tfrs_models.losses._scores import Scores, weighted_mean


class Options(Section):
    """How far the overconfidence that comes from sampling is undone."""

    calibration: Annotated[float, Field(ge=0, le=1)] = 0.75
    """t of the paper: 0 is the plain cross entropy, 1 gives the odds of no sampling."""


def loss(options: Options, scores: Scores) -> Any:
    """Weighted mean of -beta log sigmoid(s+) - sum_j log(1 - sigmoid(s_j)), over 1 + C terms.

    With a share alpha of the items drawn, beta = alpha (t (1 - 1/alpha) + 1/alpha), equation 8 of
    the paper, which is 1 - t (1 - alpha).
    """
    drawn = tf.reduce_sum(scores.count)
    alpha = tf.minimum(drawn / tf.maximum(scores.num_items - 1.0, 1.0), 1.0)
    beta = 1.0 - options.calibration * (1.0 - alpha)
    count = scores.usable_count
    negative = tf.reduce_sum(count * tf.math.softplus(scores.negative / scores.temperature), 1)
    positive = beta * tf.math.softplus(-scores.positive / scores.temperature)
    return weighted_mean(
        (positive + tf.gather(negative, scores.owner)) / (1.0 + drawn), scores.weight
    )
