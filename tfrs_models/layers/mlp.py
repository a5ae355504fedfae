"""Hidden layers with dropout and normalisation, and nothing random but the seeds."""

from collections.abc import Sequence
from typing import Any

from tfrs_models.backend import tf
from tfrs_models.layers.dropout import drop_units


class Mlp(tf.keras.layers.Layer):
    """Dense layers with ReLU; each is followed by dropout while training.

    Args:
        units: widths; none gives the input back.
        dropout: share of hidden units dropped.
        normalization: `layer` normalises the sums before the ReLU (Ba et al. 2016), `none` not.
        seed: seed of the initial weights.
        name: name of the layer.
    """

    def __init__(
        self, units: Sequence[int], dropout: float, normalization: str, seed: int, name: str
    ) -> None:
        super().__init__(name=name)
        self.dropout = dropout
        self.hidden = [
            tf.keras.layers.Dense(
                width, kernel_initializer=tf.keras.initializers.HeUniform(seed=seed + i)
            )
            for i, width in enumerate(units)
        ]
        normal = [tf.keras.layers.LayerNormalization() for _ in units]
        self.normal = normal if normalization == "layer" else []

    def call(self, values: Any, seed: Any | None = None) -> Any:
        """Float32 [B, W] -> [B, H]; a seed int32 [2] turns dropout on."""
        for place, dense in enumerate(self.hidden):
            values = dense(values)
            if self.normal:
                values = self.normal[place](values)
            values = tf.nn.relu(values)
            if seed is not None:
                values = drop_units(values, self.dropout, seed + place + 1)
        return values
