"""The layer of the interaction `cross`."""

from typing import Any

from tfrs_models.backend import tf


class Cross(tf.keras.layers.Layer):
    """Low-rank cross layers.

    Args:
        layers: how many.
        rank: of each matrix.
        width: of the inputs.
        seed: seed of the initial weights.
    """

    def __init__(self, layers: int, rank: int, width: int, seed: int) -> None:
        super().__init__(name="cross")
        self.down = [_dense(rank, False, seed + 2 * place) for place in range(layers)]
        self.up = [_dense(width, True, seed + 2 * place + 1) for place in range(layers)]

    def call(self, values: Any, fields: Any) -> Any:  # noqa: ARG002
        """Float32 [B, W] -> [B, W]."""
        crossed = values
        for down, up in zip(self.down, self.up, strict=True):
            crossed = values * up(down(crossed)) + crossed
        return crossed


def _dense(units: int, bias: bool, seed: int) -> Any:
    initial = tf.keras.initializers.GlorotUniform(seed=seed)
    return tf.keras.layers.Dense(units, use_bias=bias, kernel_initializer=initial)
