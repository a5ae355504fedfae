"""The embeddings of many features in one table: a step looks all of them up, and updates all, once.

Legend: B rows, M ids of a feature, F features, D embedding.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tfrs_models.backend import tf
from tfrs_models.features.feature_type import Output
from tfrs_models.features.spec import FittedFeature
from tfrs_models.layers.embedding import Embedding, masked_mean


class StackedEmbedding(tf.keras.layers.Layer):
    """One row for each id of each feature; gradients are row-sparse.

    Args:
        outputs: the features' ids, by name; at least one.
        dim: D.
        stddev: of the initial values.
        seed: of the initial values.
        name: name of the layer; its variable is called `<name>/table`.

    Attributes:
        widths: M by name, in the order of the result: those of one id first.
        first_rows: the row of each feature's id 0, in the same order.
    """

    def __init__(
        self, outputs: Mapping[str, Output], dim: int, stddev: float, seed: int, name: str
    ) -> None:
        super().__init__(name=name)
        ordered = sorted(outputs, key=lambda one: outputs[one].width > 1)
        sizes = [outputs[one].num_ids for one in ordered]
        self.widths = {one: outputs[one].width for one in ordered}
        self.first_rows = dict(zip(ordered, np.cumsum([0, *sizes[:-1]]).tolist(), strict=True))
        self.embedding = Embedding(sum(sizes), dim, stddev, seed, name)

    def call(self, encoded: Mapping[str, Any]) -> Any:
        """The mean of each feature's ids, int32 [B, M], that are not 0: float32 [B, F, D]."""
        ids = tf.concat([encoded[name] for name in self.widths], axis=1)
        widths = list(self.widths.values())
        first_rows = np.repeat(np.array([*self.first_rows.values()], np.int32), widths)
        rows = self.embedding(ids + first_rows)
        ones = widths.count(1)
        sizes = [ones, *widths[ones:]]
        first, *others = zip(tf.split(rows, sizes, 1), tf.split(ids, sizes, 1), strict=True)
        means = [_present(*first), *(masked_mean(*one)[:, tf.newaxis] for one in others)]
        return tf.concat(means, axis=1)

    def rows_of(self, name: str) -> Any:
        """The rows of a feature's ids: float32 [ids, D]."""
        starts = [*self.first_rows.values(), None]
        place = list(self.first_rows).index(name)
        return self.embedding.table[starts[place] : starts[place + 1]]


def _present(rows: Any, ids: Any) -> Any:
    """The mean of single ids: rows [B, F, D] of ids [B, F], and zeros for id 0."""
    return rows * tf.cast(tf.not_equal(ids, 0), rows.dtype)[..., tf.newaxis]


def id_outputs(features: Sequence[FittedFeature]) -> dict[str, Output]:
    """The features that are ids, by name."""
    return {f.name: f.output for f in features if f.output.kind == "ids"}


def dense_names(features: Sequence[FittedFeature]) -> list[str]:
    """Names of the features that are dense."""
    return [f.name for f in features if f.output.kind == "dense"]


def joined(encoded: Mapping[str, Any], names: Sequence[str]) -> Any:
    """Some features side by side."""
    return tf.concat([encoded[name] for name in names], axis=-1)
