"""A user's history as one vector."""

from typing import Any

from tfrs_models.backend import tf


class HistoryPooling(tf.keras.layers.Layer):
    """Weighted sum of the history's embeddings over the square root of the weights' energy.

    s = sum_i w_i e_i / sqrt(1 + sum_i w_i^2): a longer history gives a longer vector, so the query
    leans on the history more the more there is of it.

    Args:
        length: L, places of a history.
        learned: learn a weight for each place counted back from the latest item (0 the latest).
    """

    def __init__(self, length: int, learned: bool) -> None:
        super().__init__(name="history_pooling")
        self.log_weights = self.add_weight(
            name="log_weights", shape=(length,), initializer="zeros", trainable=learned
        )

    def call(self, rows: Any, ids: Any) -> Any:
        """Embeddings [B, L, D] and int32 ids [B, L], oldest first, 0 padding anywhere -> [B, D]."""
        present = tf.cast(tf.not_equal(ids, 0), rows.dtype)
        places_back = tf.cast(tf.cumsum(present, axis=1, reverse=True, exclusive=True), tf.int32)
        weights = present * tf.gather(tf.exp(self.log_weights), places_back)
        energy = tf.reduce_sum(tf.square(weights), axis=1, keepdims=True)
        total = tf.reduce_sum(rows * weights[..., tf.newaxis], axis=1)
        return total * tf.math.rsqrt(1.0 + energy)


class HistoryTower(tf.keras.layers.Layer):
    """Pools a history and maps it linearly; the map is the identity before training.

    Args:
        length: L, places of a history.
        dim: D, width of the embeddings.
        learned: see `HistoryPooling`.
    """

    def __init__(self, length: int, dim: int, learned: bool) -> None:
        super().__init__(name="history")
        self.pooling = HistoryPooling(length, learned)
        self.projection = tf.keras.layers.Dense(
            dim, use_bias=False, kernel_initializer="identity", name="projection"
        )

    def call(self, rows: Any, ids: Any) -> Any:
        """Embeddings [B, L, D] and int32 ids [B, L], 0 padding anywhere -> [B, D]."""
        return self.projection(self.pooling(rows, ids))
