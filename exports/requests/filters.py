"""Filters inside a model: which items have one of the values that a request asks for.

Legend: N items, V values of a column, M values of an item at most.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exports.requests.names import Names
from tfrs_models.backend import tf
from tfrs_models.reranking.column import Column


class Filter(tf.Module):  # type: ignore[misc]  # TensorFlow has no types
    """The values of one item column.

    Args:
        column: the values of all items.
        name: of the column.
    """

    def __init__(self, column: Column, name: str) -> None:
        super().__init__(name="filter")
        # A column without any value still needs a name to look up.
        self._names = Names(sorted(column.code_of) or [""], f"values_of_{name}")
        self._places = tf.Variable(_places(column), trainable=False, name="places")

    def allowed(self, wanted: Any) -> Any:
        """Which items have one of the values: bool [B, N].

        Args:
            wanted: string [B, F], "" is no value; a row of "" alone allows every item.
        """
        asked = tf.reduce_any(tf.not_equal(wanted, ""), axis=1, keepdims=True)
        marked = self._names.marked(wanted)
        nothing = tf.zeros_like(marked[:, :1])
        has = tf.gather(tf.concat([marked, nothing], axis=1), self._places, axis=1)
        return tf.reduce_any(has, axis=2) | ~asked


def _places(column: Column) -> NDArray[np.int32]:
    """Place of each value of each item among the sorted values, V where there is none: [N, M]."""
    ordered = sorted(column.code_of)
    place_of = np.zeros(len(ordered) + 1, np.int32)
    place_of[[column.code_of[value] for value in ordered]] = np.arange(len(ordered))
    width = max(int(column.lengths.max(initial=0)), 1)
    places = np.full((len(column), width), max(len(ordered), 1), np.int32)
    within = np.arange(len(column.codes)) - np.repeat(
        np.cumsum(column.lengths) - column.lengths, column.lengths
    )
    places[column.owners, within] = place_of[column.codes]
    return places
