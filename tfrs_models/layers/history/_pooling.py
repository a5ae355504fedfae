"""The weighted sum that the pooling encoders share.

Legend: B histories, L places, P items of all histories together, D embedding.
"""

from typing import Any, NamedTuple

from tfrs_models.backend import tf
from tfrs_models.layers.history._encoder import HistoryEncoder
from tfrs_models.layers.history._history import History, HistoryShape


class Items(NamedTuple):
    """The items of all histories, one after the other: places without an item cost nothing.

    Attributes:
        rows: float32 [P, D], their embeddings.
        owner: int32 [P], the history of each.
        back: int32 [P], items of the history after it, 0 for the latest.
        types: int32 [P], or None.
        gaps: int32 [P], or None.
    """

    rows: Any
    owner: Any
    back: Any
    types: Any
    gaps: Any


def items_of(history: History) -> Items:
    """The items of histories."""
    cells = tf.where(history.ids != 0)
    return Items(
        history.embed(tf.gather_nd(history.ids, cells)),
        tf.cast(cells[:, 0], tf.int32),
        tf.gather_nd(history.back, cells),
        None if history.types is None else tf.gather_nd(history.types, cells),
        None if history.gaps is None else tf.gather_nd(history.gaps, cells),
    )


def pool(rows: Any, weights: Any, owner: Any, number: Any) -> Any:
    """S = sum_i w_i e_i / sqrt(1 + sum_i w_i^2): [P, D], [P] and [P] -> [number, D].

    A longer history gives a longer vector, so the query leans on the history the more there is.
    """
    energy = tf.math.unsorted_segment_sum(tf.square(weights), owner, number)
    total = tf.math.unsorted_segment_sum(rows * weights[:, tf.newaxis], owner, number)
    return total * tf.math.rsqrt(1.0 + energy)[:, tf.newaxis]


class PoolingEncoder(HistoryEncoder):
    """A weighted sum and a linear map that is the identity before training."""

    def __init__(self, shape: HistoryShape, name: str) -> None:
        super().__init__(name=name)
        self.projection = tf.keras.layers.Dense(
            shape.dim, use_bias=False, kernel_initializer="identity", name="projection"
        )

    def weights_of(self, items: Items) -> Any:
        """Weight of each item: float32 [P]."""
        raise NotImplementedError

    def call(self, history: History, seed: Any = None) -> Any:  # noqa: ARG002
        """The pooled history: float32 [B, 1, D]."""
        items = items_of(history)
        number = tf.shape(history.ids)[0]
        pooled = pool(items.rows, self.weights_of(items), items.owner, number)
        return self.projection(pooled)[:, tf.newaxis]
