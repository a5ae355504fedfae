"""The linear terms of features and crosses.

Legend: B rows, M ids of a feature, W of a dense one, T tasks.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tfrs_models.backend import tf
from tfrs_models.features.spec import FittedCross, FittedFeature
from tfrs_models.layers.stacked import StackedEmbedding, dense_names, id_outputs, joined


class WideTerms(tf.keras.layers.Layer):
    """A weight of each task for each id and each dense value; all are 0 at first.

    Args:
        name: before the names of the variables.
        features: the features.
        crosses: their combinations.
        tasks: T.
    """

    def __init__(
        self,
        name: str,
        features: Sequence[FittedFeature],
        crosses: Sequence[FittedCross],
        tasks: int,
    ) -> None:
        super().__init__(name=name.rpartition("/")[2])
        outputs = id_outputs(features) | {cross.name: cross.output for cross in crosses}
        self.weights_of_ids = StackedEmbedding(outputs, tasks, 0.0, 0, name) if outputs else None
        self.dense_names = dense_names(features)
        self.linear = None
        if self.dense_names:
            self.linear = tf.keras.layers.Dense(
                tasks, use_bias=False, kernel_initializer="zeros", name="dense"
            )

    def call(self, encoded: Mapping[str, Any]) -> Any | None:
        """Encoded [B, M] or [B, W] -> float32 [B, T]; None without any feature."""
        terms = []
        if self.weights_of_ids is not None:
            terms.append(tf.reduce_sum(self.weights_of_ids(encoded), axis=1))
        if self.linear is not None:
            terms.append(self.linear(joined(encoded, self.dense_names)))
        return tf.add_n(terms) if terms else None
