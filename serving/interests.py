"""Search an index for queries that may have several interests each.

Legend: B queries, H interests, D embedding, A items that the index is asked for.
"""

import numpy as np
from numpy.typing import NDArray

from exports.index import Index
from exports.indexes import Found


def search(index: Index, queries: NDArray[np.float32], ask: int) -> Found:
    """What any interest of each query finds, best first, each item once: [B, H A].

    Args:
        index: the index.
        queries: float32 [B, D] or [B, H, D].
        ask: A.
    """
    found, scores = index.search(queries.reshape(-1, queries.shape[-1]), ask)
    if queries.ndim == 2:
        return found, scores
    every = scores.reshape(len(queries), -1)
    order = np.argsort(-every, axis=1, kind="stable")
    found = np.take_along_axis(found.reshape(len(queries), -1), order, axis=1)
    by_item = np.argsort(found, axis=1, kind="stable")
    ordered = np.take_along_axis(found, by_item, axis=1)
    again = np.zeros(found.shape, np.bool_)
    np.put_along_axis(again, by_item[:, 1:], ordered[:, 1:] == ordered[:, :-1], axis=1)
    return np.where(again, -1, found), np.take_along_axis(every, order, axis=1)
