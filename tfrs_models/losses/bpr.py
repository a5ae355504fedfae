"""Bayesian personalised ranking (Rendle et al. 2009): each target above some random negatives."""

from typing import Annotated, Any

from pydantic import Field

from configs.section import Section
from tfrs_models.backend import tf
from tfrs_models.losses._scores import Scores, weighted_mean


class Options(Section):
    """How many pairs."""

    pairs: Annotated[int, Field(ge=1)] = 16
    """Negatives that each target is compared with, drawn from those of the batch."""


def loss(options: Options, scores: Scores) -> Any:
    """Weighted mean over the targets of the mean over pairs of -log sigmoid(s+ - s_j).

    A pair counts as often as its negative was drawn; pairs with an own item of the user do not.
    """
    targets, negatives = tf.size(scores.owner), tf.shape(scores.negative)[1]
    columns = tf.random.stateless_uniform(
        (targets, options.pairs), scores.seed, 0, negatives, tf.int32
    )
    rows = tf.broadcast_to(scores.owner[:, tf.newaxis], tf.shape(columns))
    cells = tf.stack([rows, columns], axis=-1)
    above = scores.positive[:, tf.newaxis] - tf.gather_nd(scores.negative, cells)
    counts = tf.where(tf.gather_nd(scores.usable, cells), tf.gather(scores.count, columns), 0.0)
    losses = counts * tf.math.softplus(-above / scores.temperature)
    mean = tf.math.divide_no_nan(tf.reduce_sum(losses, 1), tf.reduce_sum(counts, 1))
    return weighted_mean(mean, scores.weight)
