"""Choice of the positive among the candidates of its list: only the order within it counts.

The sum over the list is estimated from the drawn negatives, each counted for what it stands for, so
its expectation is the sum over all. Source: Cao et al., ICML 2007 (top-one probability).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from configs.section import Section
from tfrs_models.backend import tf
from tfrs_models.objectives._pairs import Pairs

RANGE = (0.0, 1.0)
ORDERS = True

_MASKED = -1e9


class Options(Section):
    """No settings."""


def scaling(labels: NDArray[np.floating], weights: NDArray[np.floating]) -> tuple[float, float]:  # noqa: ARG001
    """Nothing: a number added to all logits of a list changes nothing."""
    return 0.0, 1.0


def output(logits: Any, scaling: Any) -> Any:  # noqa: ARG001
    """Scores in (0, 1) that order one list; they are no probabilities."""
    return tf.math.sigmoid(logits)


def loss(options: Options, pairs: Pairs) -> Any:  # noqa: ARG001
    """Mean of -log softmax over the lists whose first candidate is a positive."""
    negative = pairs.usable & (pairs.labels == 0)
    weighed = pairs.logits + tf.math.log(tf.maximum(pairs.stands_for, 1e-9))
    others = tf.reduce_logsumexp(tf.where(negative, weighed, _MASKED), axis=1)
    losses = tf.math.softplus(others - pairs.logits[:, 0])
    taken = tf.cast(pairs.usable[:, 0] & (pairs.labels[:, 0] > 0), tf.float32)
    return tf.math.divide_no_nan(tf.reduce_sum(losses * taken), tf.reduce_sum(taken))
