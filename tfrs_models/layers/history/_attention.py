"""The layer of the plug-in `attention`."""

from typing import Any

from tfrs_models.backend import tf
from tfrs_models.layers.history._encoder import tanh_layer
from tfrs_models.layers.history._history import HistoryShape
from tfrs_models.layers.history._pooling import Items, PoolingEncoder
from tfrs_models.layers.history.attention import Options

_LARGEST = 4.0


class Attention(PoolingEncoder):
    """w_i = exp(v tanh(A e_i + a) + place + type + gap); all weights are 1 before training.

    Exponents are bounded smoothly, so that one item cannot take the whole sum by an overflow.
    """

    def __init__(self, options: Options, shape: HistoryShape, seed: int) -> None:
        super().__init__(shape, "attention")
        self.hidden = tanh_layer(options.hidden_units, shape, seed)
        self.score = tf.keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")
        self.place = self.add_weight("place", (shape.length,), initializer="zeros")
        self.type = self._table("type", shape.num_types)
        self.gap = self._table("gap", shape.num_gaps)

    def _table(self, name: str, size: int) -> Any | None:
        return self.add_weight(name, (size,), initializer="zeros") if size else None

    def weights_of(self, items: Items) -> Any:
        """The weight of each item."""
        hidden = tf.cast(self.hidden(items.rows), tf.float32)
        exponent = self.score(hidden)[:, 0] + tf.gather(self.place, items.back)
        if self.type is not None:
            exponent += tf.gather(self.type, items.types)
        if self.gap is not None:
            exponent += tf.gather(self.gap, items.gaps)
        return tf.exp(_LARGEST * tf.tanh(exponent / _LARGEST))
