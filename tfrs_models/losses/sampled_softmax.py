"""Softmax over the positive and a number of shared, sampled negatives.

The number of negatives does not depend on the batch. Negatives of a popularity distribution q are
corrected by subtracting log(C q) from their logits, which makes the sampled sum an unbiased estimate
of the full one (Bengio and Senecal 2008; Yi et al. 2019); nothing is clipped.
"""

from typing import Annotated, Any

from pydantic import Field

from configs.section import Section
from tfrs_models.backend import tf
from tfrs_models.losses._softmax import Negatives, softmax_loss


class Options(Section):
    """How many negatives, and from where."""

    negatives: Annotated[int, Field(ge=1)] = 1024
    """Negatives that all examples of a batch share."""
    popularity_exponent: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Items are drawn with probability ~ count^exponent: 0 uniform, 1 by popularity."""


def negatives(options: Options, counts: Any, seed: Any) -> Negatives:
    """Known items drawn with replacement.

    Args:
        options: the settings.
        counts: float32 [V], training events of each known item row; rows 0 and 1 are never drawn.
        seed: int32 [2], stateless.
    """
    if options.popularity_exponent == 0:
        return _uniform(options.negatives, counts, seed)
    mass = tf.pow(counts[2:], options.popularity_exponent)
    cumulative = tf.cumsum(mass / tf.reduce_sum(mass))
    points = tf.random.stateless_uniform((options.negatives,), seed) * cumulative[-1]
    drawn = tf.searchsorted(cumulative, points, side="right")
    share = tf.gather(mass / tf.reduce_sum(mass), drawn)
    return Negatives(drawn + 2, tf.math.log(share * _number(counts)))


def _uniform(size: int, counts: Any, seed: Any) -> Negatives:
    rows = tf.random.stateless_uniform((size,), seed, 2, tf.shape(counts)[0], tf.int32)
    return Negatives(rows, tf.zeros((size,), tf.float32))


def _number(counts: Any) -> Any:
    """Number of known items; with it a uniform distribution has correction 0."""
    return tf.cast(tf.shape(counts)[0] - 2, tf.float32)


def loss(options: Options, positive_logits: Any, negative_logits: Any, weight: Any) -> Any:  # noqa: ARG001
    """Weighted mean of the sampled softmax loss. See `_softmax.softmax_loss`."""
    return softmax_loss(positive_logits, negative_logits, weight)
