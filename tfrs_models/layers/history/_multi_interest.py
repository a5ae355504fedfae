"""The layer of the plug-in `multi_interest`."""

from typing import Any

from tfrs_models.backend import tf
from tfrs_models.layers.history._encoder import HistoryEncoder, normal, tanh_layer
from tfrs_models.layers.history._history import History, HistoryShape
from tfrs_models.layers.history.multi_interest import Options

_MASKED = -1e9


class MultiInterest(HistoryEncoder):
    """s_h = sqrt(n / (1 + n)) sum_i a_hi e_i, a_h = softmax over the n items of the history."""

    def __init__(self, options: Options, shape: HistoryShape, seed: int) -> None:
        super().__init__(name="multi_interest")
        self.interests = options.interests
        self.hidden = tanh_layer(options.hidden_units, shape, seed)
        # Not zeros: interests that start alike stay alike.
        self.score = tf.keras.layers.Dense(
            options.interests, use_bias=False, kernel_initializer=normal(1.0, seed + 1)
        )
        self.place = self.add_weight(
            "place", (shape.length, options.interests), initializer="zeros"
        )

    def call(self, history: History, seed: Any = None) -> Any:  # noqa: ARG002
        """The interests: float32 [B, H, D]."""
        present, rows = history.present, history.embed(history.ids)
        logits = self.score(tf.cast(self.hidden(rows), tf.float32))
        logits += tf.gather(self.place, history.back)
        masked = tf.where(present[..., tf.newaxis] > 0, logits, _MASKED)
        shares = tf.nn.softmax(masked, axis=1) * present[..., tf.newaxis]
        number = tf.reduce_sum(present, axis=1)[:, tf.newaxis, tf.newaxis]
        pooled = tf.matmul(shares, rows, transpose_a=True)
        return pooled * tf.sqrt(number / (1.0 + number))
