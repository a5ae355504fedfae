"""Draws with replacement, the same for the same seed."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfrs_models.backend import tf
from tfrs_models.negatives._sampler import Popularity


def uniform_rows(rows: NDArray[np.int32], number: int, seed: Any) -> Any:
    """`number` of the given rows, each with the same probability: int32 [number]."""
    place = tf.random.stateless_uniform([number], seed, 0, len(rows), tf.int32)
    return tf.gather(tf.constant(rows), place)


def expected_uniformly(popularity: Popularity, number: int) -> Any:
    """How often each item is expected among so many uniform draws: float32 [N]."""
    rate = number / len(popularity.trained)
    return tf.constant(np.where(popularity.counts > 0, rate, 0.0), tf.float32)


def weighted_rows(cumulative: NDArray[np.float64], number: int, seed: Any) -> Any:
    """Rows drawn by mass: int32 [number].

    Sums are float64: single precision would never draw the tail of a catalogue of millions.

    Args:
        cumulative: float64 [N], running sum of the masses of the rows.
        number: draws.
        seed: int32 [2], stateless.
    """
    share = tf.random.stateless_uniform([number], seed, dtype=tf.float64)
    return tf.searchsorted(tf.constant(cumulative), share * cumulative[-1], side="right")
