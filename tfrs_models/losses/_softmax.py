"""The cross entropy that the softmax losses share."""

from collections.abc import Callable
from typing import Any, NamedTuple

from tfrs_models.backend import tf


class Negatives(NamedTuple):
    """Items that every example of a batch is scored against.

    Attributes:
        rows: int32 [C], item rows.
        correction: float32 [C], subtracted from the logits of these items (logQ).
    """

    rows: Any
    correction: Any


Sampler = Callable[[Any], Negatives]
"""Negatives of a stateless seed int32 [2]."""


def softmax_loss(positive_logits: Any, negative_logits: Any, weight: Any) -> Any:
    """Weighted mean over the batch of -log(exp(s+) / (exp(s+) + sum_j exp(s_j))).

    Args:
        positive_logits: float32 [B].
        negative_logits: float32 [B, C]; accidental hits are masked by the caller.
        weight: float32 [B], weight of each example.

    Returns:
        float32 scalar: sum of weighted losses over B, so that weights of mean 1 leave the step
        size alone.
    """
    logits = tf.concat([positive_logits[:, tf.newaxis], negative_logits], axis=1)
    losses = tf.reduce_logsumexp(logits, axis=1) - positive_logits
    return tf.reduce_mean(weight * losses)
