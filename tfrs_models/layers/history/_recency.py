"""The layer of the plug-in `recency`."""

from typing import Any

from tfrs_models.backend import tf
from tfrs_models.layers.history._history import HistoryShape
from tfrs_models.layers.history._pooling import Items, PoolingEncoder


class Recency(PoolingEncoder):
    """w_i = exp(a_p), p places back; all weights are 1 before training."""

    def __init__(self, shape: HistoryShape) -> None:
        super().__init__(shape, "recency")
        self.log_weights = self.add_weight("log_weights", (shape.length,), initializer="zeros")

    def weights_of(self, items: Items) -> Any:
        """The weight of each item's place."""
        return tf.gather(tf.exp(self.log_weights), items.back)
