"""Seeded dropout: the same seed drops the same places, so a resumed run repeats itself."""

from typing import Any

from tfrs_models.backend import tf


def replace_ids(ids: Any, share: float, by: int, seed: Any) -> Any:
    """`ids` with a random share replaced.

    Args:
        ids: int32 of any shape.
        share: probability of each id.
        by: 0 drops an id (missing), 1 makes it unknown.
        seed: int32 [2], stateless.
    """
    if share == 0:
        return ids
    hit = tf.random.stateless_uniform(tf.shape(ids), seed) < share
    return tf.where(hit, tf.constant(by, ids.dtype), ids)


def drop_units(values: Any, share: float, seed: Any) -> Any:
    """Inverted dropout of float values (Srivastava et al. 2014): the expectation stays."""
    if share == 0:
        return values
    kept = tf.random.stateless_uniform(tf.shape(values), seed) >= share
    return tf.where(kept, values / (1.0 - share), 0.0)
