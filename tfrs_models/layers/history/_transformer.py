"""The layer of the plug-in `transformer`."""

from typing import Any

from tfrs_models.backend import tf
from tfrs_models.layers.dropout import drop_units
from tfrs_models.layers.history._encoder import HistoryEncoder, normal
from tfrs_models.layers.history._history import History, HistoryShape
from tfrs_models.layers.history.transformer import Options

_MASKED = -1e9


class Transformer(HistoryEncoder):
    """Every place sees itself and what came before it."""

    causal = True

    def __init__(self, options: Options, shape: HistoryShape, seed: int) -> None:
        super().__init__(name="transformer")
        self.input_dropout = options.input_dropout
        small = 0.1 * shape.dim**-0.5
        self.places = self.add_weight(
            "places", (shape.length, shape.dim), initializer=normal(small, seed)
        )
        self.type = self._table("type", shape.num_types, shape.dim, normal(small, seed + 1))
        self.gap = self._table("gap", shape.num_gaps, shape.dim, normal(small, seed + 2))
        self.blocks = [
            Block(options, shape, seed + 10 * (number + 1), f"block_{number}")
            for number in range(options.blocks)
        ]

    def _table(self, name: str, size: int, dim: int, initializer: Any) -> Any | None:
        return self.add_weight(name, (size, dim), initializer=initializer) if size else None

    def call(self, history: History, seed: Any = None) -> Any:
        """The state after the last item: float32 [B, 1, D]."""
        number = tf.cast(tf.reduce_sum(history.present, axis=1, keepdims=True), tf.int32)
        return tf.gather(self.prefixes(history, seed), number, batch_dims=1)

    def prefixes(self, history: History, seed: Any = None) -> Any:
        """The state after each number of places, zeros after none: float32 [B, L + 1, D]."""
        present = history.present[..., tf.newaxis]
        states = self._enter(history) * present
        if seed is not None:
            states = drop_units(states, self.input_dropout, seed)
        for number, block in enumerate(self.blocks):
            states = block(states, history.present, None if seed is None else seed + number + 1)
        return tf.pad(states, [[0, 0], [1, 0], [0, 0]])

    def _enter(self, history: History) -> Any:
        states = history.embed(history.ids) + self.places[: tf.shape(history.ids)[1]]
        if self.type is not None:
            states += tf.gather(self.type, history.types)
        if self.gap is not None:
            states += tf.gather(self.gap, history.gaps)
        return states


class Block(tf.keras.layers.Layer):
    """x + attention(norm(x)), then x + feed-forward(norm(x))."""

    def __init__(self, options: Options, shape: HistoryShape, seed: int, name: str) -> None:
        super().__init__(name=name)
        self.heads, self.dropout = options.heads, options.dropout
        self.dim = shape.dim
        hidden = options.hidden_factor * shape.dim
        policy = shape.policy
        self.attention_norm = tf.keras.layers.LayerNormalization(epsilon=1e-6, name="norm_1")
        self.inputs = _dense(3 * shape.dim, policy, seed, "inputs", use_bias=False)
        self.outputs = _dense(shape.dim, policy, seed + 1, "outputs", use_bias=False, scale=0.01)
        self.distance = self.add_weight(
            "distance", (options.heads, shape.length), initializer="zeros"
        )
        self.feed_norm = tf.keras.layers.LayerNormalization(epsilon=1e-6, name="norm_2")
        self.expand = _dense(hidden, policy, seed + 2, "expand", activation="relu")
        self.contract = _dense(shape.dim, policy, seed + 3, "contract", scale=0.01)

    def call(self, states: Any, present: Any, seed: Any) -> Any:
        """float32 [B, L, D] and [B, L] -> [B, L, D]; places without an item are seen by none."""
        attended = self.outputs(self._attend(self.inputs(self.attention_norm(states)), present))
        states += self._drop(tf.cast(attended, tf.float32), seed, 0)
        fed = self.contract(self.expand(self.feed_norm(states)))
        return states + self._drop(tf.cast(fed, tf.float32), seed, 1)

    def _attend(self, projected: Any, present: Any) -> Any:
        """Multi-head attention of [B, L, 3 D] -> [B, L, D]."""
        width = self.dim // self.heads
        length = tf.shape(projected)[1]
        split = tf.reshape(projected, [-1, length, 3, self.heads, width])
        queries, keys, values = tf.unstack(tf.transpose(split, [2, 0, 3, 1, 4]))
        logits = tf.matmul(queries, keys, transpose_b=True)
        logits = tf.cast(logits, tf.float32) * width**-0.5 + self._bias(present)
        shares = tf.cast(tf.nn.softmax(logits), values.dtype)
        merged = tf.transpose(tf.matmul(shares, values), [0, 2, 1, 3])
        return tf.reshape(merged, [-1, length, self.dim])

    def _bias(self, present: Any) -> Any:
        """Distance biases, and masks of the future and of empty places: [B, heads, L, L]."""
        place = tf.range(tf.shape(present)[1])
        back = place[:, tf.newaxis] - place
        bias = tf.gather(self.distance, tf.maximum(back, 0), axis=1)
        bias = tf.where(back >= 0, bias, _MASKED)
        return bias + _MASKED * (1.0 - present[:, tf.newaxis, tf.newaxis])

    def _drop(self, values: Any, seed: Any, part: int) -> Any:
        if seed is None:
            return values
        return drop_units(values, self.dropout, tf.stack([seed[0] + part + 1, seed[1]]))


def _dense(
    units: int,
    policy: str,
    seed: int,
    name: str,
    use_bias: bool = True,
    activation: str | None = None,
    scale: float = 1.0,
) -> Any:
    """A dense layer; `scale` is the variance of its weights against Glorot's."""
    initializer = tf.keras.initializers.VarianceScaling(scale, "fan_avg", "uniform", seed=seed)
    return tf.keras.layers.Dense(
        units, activation, use_bias, kernel_initializer=initializer, dtype=policy, name=name
    )
