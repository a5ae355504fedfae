"""Softmax over every known item: exact, for catalogues of up to some ten thousand items."""

from typing import Any

from numpy.typing import NDArray

from configs.section import Section
from tfrs_models.backend import tf
from tfrs_models.losses._softmax import Negatives, Sampler, softmax_loss


class Options(Section):
    """No settings."""


def negatives(options: Options, counts: NDArray[Any]) -> Sampler:
    """All known items: rows 2 to V - 1, nothing drawn."""
    rows = tf.range(2, len(counts))
    return lambda _: Negatives(rows, tf.zeros_like(rows, tf.float32))


def loss(options: Options, positive_logits: Any, negative_logits: Any, weight: Any) -> Any:
    """Weighted mean of -log softmax of the positive. See `_softmax.softmax_loss`."""
    return softmax_loss(positive_logits, negative_logits, weight)
