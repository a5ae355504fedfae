"""The items inside a model: all that a request needs of them.

Legend: B requests, N items, D embedding, H interests of a query, G candidates of a request, S
statistics, M ids of a feature.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exports.requests.filters import Filter
from exports.requests.names import Names
from tfrs_models.backend import tf
from tfrs_models.reranking.column import Column

_PARTS = 4


@dataclass(frozen=True)
class ItemData:
    """What is known of N items when a bundle is written.

    Attributes:
        ids: of the items, each once.
        embeddings: float32 [N, D].
        encoded: int32 or float32 [N, M] by feature; empty without a ranking model.
        statistics: float32 [N, S].
        filters: the columns that a request may filter by.
    """

    ids: Sequence[str]
    embeddings: NDArray[np.float32]
    encoded: Mapping[str, NDArray[Any]]
    statistics: NDArray[np.float32]
    filters: Mapping[str, Column]


class Catalogue(tf.Module):  # type: ignore[misc]  # TensorFlow has no types
    """The items of `ItemData` as variables: they are saved once, however large."""

    def __init__(self, data: ItemData) -> None:
        super().__init__(name="catalogue")
        self.names = Names(data.ids, "items")
        # The product of one query and a matrix uses one core; those of the parts use several.
        self._embeddings = [
            tf.Variable(part, trainable=False, name=f"embeddings_{place}")
            for place, part in enumerate(np.array_split(data.embeddings, _PARTS))
        ]
        self._statistics = tf.Variable(data.statistics, trainable=False, name="statistics")
        self._encoded = {
            name: tf.Variable(values, trainable=False, name=name)
            for name, values in data.encoded.items()
        }
        self.filters = {name: Filter(column, name) for name, column in data.filters.items()}

    def __len__(self) -> int:
        return len(self.names)

    def scores(self, queries: Any) -> Any:
        """Inner products of queries [B, D], or the best of H interests [B, H, D]: [B, N]."""
        flat = tf.reshape(queries, [-1, queries.shape[-1]])
        parts = [tf.matmul(flat, part, transpose_b=True) for part in self._embeddings]
        products = tf.concat(parts, axis=1)
        if len(queries.shape) == 2:
            return products
        return tf.reduce_max(tf.reshape(products, [-1, queries.shape[1], len(self)]), axis=1)

    def embeddings(self, positions: Any) -> Any:
        """Embeddings of items [B, G]: float32 [B, G, D]."""
        # Of values: TensorFlow copies the whole of a variable that is gathered from at each read.
        parts = [part.read_value() for part in self._embeddings]
        return tf.compat.v1.nn.embedding_lookup(parts, positions, partition_strategy="div")

    def without(self, scores: Any, excluded: Any) -> Any:
        """Scores [B, N] with -inf for the items that are excluded, ids string [B, E]."""
        cells = self.names.cells(excluded)
        lowest = tf.fill(tf.shape(cells)[:1], -float("inf"))
        return tf.tensor_scatter_nd_update(scores, cells, lowest)

    def within(self, scores: Any, only: Any, wanted: Mapping[str, Any]) -> Any:
        """Scores [B, N] with -inf for the items that a request does not allow.

        Args:
            scores: float32 [B, N].
            only: string [B, A], ids of which the others may not come back; all may where a row is
                empty.
            wanted: string [B, F] by filter, values of which an item must have one; see `Filter`.
        """
        asked = tf.stack([_any_text(texts) for texts in (only, *wanted.values())])
        return tf.cond(
            tf.reduce_any(asked),
            lambda: tf.where(self._allowed(only, wanted), scores, -float("inf")),
            lambda: scores,
        )

    def _allowed(self, only: Any, wanted: Mapping[str, Any]) -> Any:
        named = tf.reduce_any(tf.not_equal(only, ""), axis=1, keepdims=True)
        found = self.names.marked(only) | ~named
        for name, values in wanted.items():
            found &= self.filters[name].allowed(values)
        return found

    def encoded(self, positions: Any) -> dict[str, Any]:
        """Encoded features of items [B, G]: [B, G, M] by name."""
        return {name: tf.gather(column, positions) for name, column in self._encoded.items()}

    def statistics(self, positions: Any) -> Any:
        """Statistics of items [B, G]: float32 [B, G, S]."""
        return tf.gather(self._statistics, positions)


def _any_text(texts: Any) -> Any:
    return tf.reduce_any(tf.not_equal(texts, ""))
