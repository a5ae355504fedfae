"""The layer that every history encoder is.

Legend: B histories, L places, D embedding, H interests.
"""

from typing import Any

from tfrs_models.backend import tf
from tfrs_models.layers.history._history import History, HistoryShape


class HistoryEncoder(tf.keras.layers.Layer):
    """Turns a history into H vectors, and perhaps every beginning of it into one.

    Attributes:
        interests: H; a candidate's score is the largest over the H queries.
        causal: whether `prefixes` is there; training then learns from every place at once.
    """

    interests = 1
    causal = False

    def call(self, history: History, seed: Any = None) -> Any:
        """The whole history: float32 [B, H, D], zeros where it is empty.

        Args:
            history: 0 may stand anywhere; for a causal encoder after the last item only.
            seed: int32 [2], turns dropout on.
        """
        raise NotImplementedError

    def prefixes(self, history: History, seed: Any = None) -> Any:
        """The first 0, 1, ..., L places of the history: float32 [B, L + 1, D]."""
        raise NotImplementedError


def normal(stddev: float, seed: int) -> Any:
    """Seeded normal initial values."""
    return tf.keras.initializers.RandomNormal(stddev=stddev, seed=seed)


def tanh_layer(units: int, shape: HistoryShape, seed: int) -> Any:
    """The layer that looks at an item's embedding to weigh it."""
    return tf.keras.layers.Dense(
        units,
        "tanh",
        kernel_initializer=tf.keras.initializers.GlorotUniform(seed=seed),
        dtype=shape.policy,
    )
