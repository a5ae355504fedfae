"""A tower over features: embeddings, hidden layers, a linear map."""

from collections.abc import Sequence
from typing import Any, cast

from tfrs_models.backend import tf
from tfrs_models.features.spec import FittedFeature
from tfrs_models.layers.embedding import FeatureEmbeddings

_LAST_SCALE = 0.1
"""Variance of the linear map against Glorot's: features start as a small part of the sum."""


def tower(
    features: Sequence[FittedFeature],
    hidden_units: Sequence[int],
    dim: int,
    seed: int,
    name: str,
    policy: str = "float32",
) -> Any | None:
    """A layer from encoded features to float32 [B, dim]; None without features.

    Args:
        features: the features, in the order of the concatenation.
        hidden_units: widths of the hidden layers (ReLU).
        dim: width of the result.
        seed: seed of the initial weights.
        name: name of the layer.
        policy: Keras' name of the number format inside the hidden layers.
    """
    if not features:
        return None
    hidden = [
        tf.keras.layers.Dense(
            units, "relu", kernel_initializer=_uniform(1.0, seed + i), dtype=policy
        )
        for i, units in enumerate(hidden_units)
    ]
    last = tf.keras.layers.Dense(
        dim, use_bias=False, kernel_initializer=_uniform(_LAST_SCALE, seed + 50)
    )
    layers = [FeatureEmbeddings(features, seed, name), *hidden, last]
    return cast(Any, tf.keras.Sequential(layers, name=name))


def _uniform(scale: float, seed: int) -> Any:
    return tf.keras.initializers.VarianceScaling(scale, "fan_avg", "uniform", seed=seed)
