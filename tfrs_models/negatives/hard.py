"""Items that the model of the last evaluation ranks highest for the batch's users, and others.

Items near the top decide the lists, and uniform draws hardly ever find them. The hard ones are in
the sum for certain and are counted as such, so it still estimates the sum over all items.
"""

from typing import Annotated

from pydantic import Field

from configs.section import Section
from tfrs_models.backend import tf
from tfrs_models.negatives._draws import expected_uniformly, uniform_rows
from tfrs_models.negatives._sampler import Draws, Moment, Popularity, Sampler, Search


class Options(Section):
    """How many of each kind."""

    number: Annotated[int, Field(ge=1)] = 1024
    """Uniform draws a batch, with replacement."""
    pool: Annotated[int, Field(ge=1)] = 200
    """Highest ranked items of each user that hard negatives are drawn from."""
    hard_a_user: Annotated[int, Field(ge=1)] = 4
    """Hard negatives drawn for each user of the batch; all users of the batch share them."""


def sampler(options: Options, popularity: Popularity) -> Sampler:
    """Hard and uniform draws; before the first evaluation uniform ones alone."""
    rows, num_items = popularity.trained, len(popularity.counts)
    pools = tf.Variable(tf.zeros([popularity.num_users, options.pool], tf.int32), trainable=False)
    drawn_uniformly = expected_uniformly(popularity, options.number)

    def draw(moment: Moment) -> Draws:
        shape = (tf.size(moment.users), options.hard_a_user)
        column = tf.random.stateless_uniform(shape, moment.seed + 1, 0, options.pool, tf.int32)
        owner = tf.broadcast_to(moment.users[:, tf.newaxis], shape)
        hard = tf.gather_nd(pools, tf.stack([tf.reshape(owner, [-1]), tf.reshape(column, [-1])], 1))
        drawn = tf.concat([hard, uniform_rows(rows, options.number, moment.seed)], axis=0)
        certain = tf.math.bincount(hard, minlength=num_items, dtype=tf.float32)
        log_expected = tf.math.log(certain + drawn_uniformly)
        return Draws(drawn, tf.gather(log_expected, drawn), tf.gather(log_expected, moment.targets))

    def refresh(search: Search) -> None:
        pools.assign(search(options.pool))

    return Sampler(draw, (pools,), refresh)
