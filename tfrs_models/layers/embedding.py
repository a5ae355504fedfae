"""Embedding tables and the concatenation of feature embeddings."""

from collections.abc import Mapping, Sequence
from typing import Any

from tfrs_models.backend import tf
from tfrs_models.features.spec import FittedFeature

_TABLE = "table"


class Embedding(tf.keras.layers.Layer):
    """One row for each id; gradients are row-sparse. Its variable is called `<name>/table`."""

    def __init__(self, num_ids: int, dim: int, stddev: float, seed: int, name: str) -> None:
        super().__init__(name=name)
        self.table = self.add_weight(
            name=f"{name}/{_TABLE}",  # Keras puts no layer's name before it
            shape=(num_ids, dim),
            initializer=tf.keras.initializers.RandomNormal(stddev=stddev, seed=seed),
        )

    def call(self, ids: Any) -> Any:
        """Rows of `ids` int32 [...]: float32 [..., dim]."""
        return tf.gather(self.table, ids)


def is_table(variable: Any) -> bool:
    """Whether a variable is the table of an `Embedding`."""
    return f"/{_TABLE}:" in variable.name


def masked_mean(rows: Any, ids: Any) -> Any:
    """Mean over the ids that are not 0; zeros where all are: [B, M, D] and [B, M] -> [B, D]."""
    mask = tf.cast(tf.not_equal(ids, 0), rows.dtype)[..., tf.newaxis]
    return tf.math.divide_no_nan(tf.reduce_sum(rows * mask, 1), tf.reduce_sum(mask, 1))


class FeatureEmbeddings(tf.keras.layers.Layer):
    """Concatenates the features of a tower: embeddings of ids, dense values as they are.

    Args:
        features: the features, in the order of the concatenation.
        seed: seed of the initial embeddings.
        name: name of the layer.
    """

    def __init__(self, features: Sequence[FittedFeature], seed: int, name: str) -> None:
        super().__init__(name=name)
        self.features = tuple(features)
        self.embeddings = {
            f.name: Embedding(f.output.num_ids, f.embedding_dim, 0.05, seed + i, f"{name}/{f.name}")
            for i, f in enumerate(features)
            if f.output.kind == "ids"
        }

    def call(self, encoded: Mapping[str, Any]) -> Any:
        """Encoded features -> float32 [B, W]."""
        return tf.concat([self._one(f, encoded[f.name]) for f in self.features], axis=-1)

    def _one(self, feature: FittedFeature, value: Any) -> Any:
        if feature.output.kind == "dense":
            return value
        return masked_mean(self.embeddings[feature.name](value), value)
