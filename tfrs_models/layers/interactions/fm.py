"""Products of all pairs of embeddings, summed (bi-interaction pooling, He and Chua, SIGIR 2017).

    sum over i < j of v_i * v_j  =  ((sum v)^2 - sum v^2) / 2

The second-order term of a factorization machine (Rendle 2010) is the sum of its D numbers; the
hidden layers get all of them, beside the inputs.
"""

from typing import Any

from configs.section import Section
from tfrs_models.backend import tf


class Options(Section):
    """No settings."""


def interaction(options: Options, width: int, seed: int) -> Any:  # noqa: ARG001
    """The inputs and the D sums."""

    def pooled(values: Any, fields: Any) -> Any:
        if fields is None:  # no feature is an id
            return values
        total, squares = tf.reduce_sum(fields, axis=1), tf.reduce_sum(tf.square(fields), axis=1)
        return tf.concat([values, 0.5 * (tf.square(total) - squares)], axis=-1)

    return pooled
