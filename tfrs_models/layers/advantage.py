"""What the place of a shown candidate adds to its logits (position bias)."""

from typing import Any

from tfrs_models.backend import tf


class Advantage(tf.keras.layers.Layer):
    """What the place of a shown candidate adds to its logits (position bias).

    Against the mean place, so that being shown at all adds nothing: candidates that the retrieval
    found and nobody was shown have no place, and neither has a request that is served.
    """

    def __init__(self, positions: int, tasks: int) -> None:
        super().__init__(name="advantage")
        self.table = self.add_weight("positions", (positions, tasks), initializer="zeros")

    def call(self, positions: Any) -> Any:
        """Positions int32 [B], -1 for none, -> float32 [B, T]."""
        relative = self.table - tf.reduce_mean(self.table, axis=0)
        found = tf.gather(relative, tf.clip_by_value(positions, 0, self.table.shape[0] - 1))
        return tf.where(positions[:, tf.newaxis] >= 0, found, 0.0)
