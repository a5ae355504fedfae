"""Softmax over every known item: exact, for catalogues of up to some ten thousand items."""

from typing import Any

from configs.section import Section
from tfrs_models.backend import tf
from tfrs_models.losses._softmax import Negatives, softmax_loss


class Options(Section):
    """No settings."""


def negatives(options: Options, counts: Any, seed: Any) -> Negatives:  # noqa: ARG001
    """All known items: rows 2 to V - 1, nothing sampled.

    Args:
        options: the settings.
        counts: float32 [V], training events of each known item row.
        seed: int32 [2], unused.
    """
    rows = tf.range(2, tf.shape(counts)[0])
    return Negatives(rows, tf.zeros(tf.shape(rows), tf.float32))


def loss(options: Options, positive_logits: Any, negative_logits: Any, weight: Any) -> Any:  # noqa: ARG001
    """Weighted mean of -log softmax of the positive. See `_softmax.softmax_loss`."""
    return softmax_loss(positive_logits, negative_logits, weight)
