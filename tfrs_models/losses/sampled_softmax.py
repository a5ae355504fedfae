"""Softmax over the positive and a number of shared, sampled negatives.

The number of negatives does not depend on the batch. From the logits of C negatives of a
distribution q, log(C q) is subtracted: the expectation of the sampled sum of exponentials is then
the sum over all known items (Bengio and Senecal 2008). Nothing is clipped.
"""

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from configs.errors import DataError
from configs.section import Section
from tfrs_models.backend import tf
from tfrs_models.losses._softmax import Negatives, Sampler, softmax_loss


class Options(Section):
    """How many negatives, and from where."""

    negatives: Annotated[int, Field(ge=1)] = 1024
    """Negatives that all examples of a batch share."""
    popularity_exponent: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Items are drawn with probability ~ count^exponent: 0 uniform, 1 by popularity."""


def negatives(options: Options, counts: NDArray[Any]) -> Sampler:
    """Known items drawn with replacement; those without a positive only where all are alike.

    Sums are float64: single precision would never draw the tail of a catalogue of millions.

    Raises:
        DataError: there is nothing to draw.
    """
    mass = counts[2:].astype(np.float64) ** options.popularity_exponent
    if not mass.any():
        raise DataError(
            "no item of the vocabulary has a positive training event, so there are no negatives to "
            f"draw; {len(mass)} items are in the vocabulary: lower `data.min_item_events`"
        )
    cumulative = tf.constant(np.cumsum(mass))
    # An item without mass has no correction: it is never drawn.
    expected = np.where(mass > 0, options.negatives * mass / mass.sum(), 1.0)
    correction = tf.constant(np.log(expected), tf.float32)

    def draw(seed: Any) -> Negatives:
        share = tf.random.stateless_uniform([options.negatives], seed, dtype=tf.float64)
        drawn = tf.searchsorted(cumulative, share * cumulative[-1], side="right")
        return Negatives(drawn + 2, tf.gather(correction, drawn))

    return draw


def loss(options: Options, positive_logits: Any, negative_logits: Any, weight: Any) -> Any:
    """Weighted mean of the sampled softmax loss. See `_softmax.softmax_loss`."""
    return softmax_loss(positive_logits, negative_logits, weight)
