"""The features of the deep part.

Legend: B rows, M ids of a feature, W of a dense one, F features with ids, D embedding.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tfrs_models.backend import tf
from tfrs_models.features.spec import FittedFeature
from tfrs_models.layers.stacked import StackedEmbedding, dense_names, id_outputs, joined


class DeepInputs(tf.keras.layers.Layer):
    """Embeddings of the ids of some features, and their dense values.

    Args:
        features: the features.
        dim: D.
        seed: of the initial embeddings.
        name: before the name of the table.
    """

    def __init__(self, features: Sequence[FittedFeature], dim: int, seed: int, name: str) -> None:
        super().__init__(name=name)
        outputs = id_outputs(features)
        self.embeddings = StackedEmbedding(outputs, dim, 0.05, seed, name) if outputs else None
        self.dense_names = dense_names(features)

    def call(self, encoded: Mapping[str, Any]) -> tuple[Any | None, Any | None]:
        """Encoded [B, M] or [B, W] -> float32 [B, F, D] and [B, sum of W].

        None stands for what no feature gives.
        """
        embedded = None if self.embeddings is None else self.embeddings(encoded)
        return embedded, joined(encoded, self.dense_names) if self.dense_names else None
