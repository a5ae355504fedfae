"""Which entries of the recommended lists are targets."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfrs_models.metrics.rows import Rows, contains


@dataclass(frozen=True)
class Hits:
    """All that a ranking metric reads.

    Attributes:
        matrix: bool [Q, K], whether the item at that position is a target.
        num_targets: int64 [Q], targets of each query, at least 1.
    """

    matrix: NDArray[np.bool_]
    num_targets: NDArray[np.int64]


def find_hits(lists: NDArray[np.int32], targets: Rows) -> Hits:
    """Compare lists with targets.

    Args:
        lists: int32 [Q, K], item rows, best first; 0 is no item. No item stands twice in a list.
        targets: Q rows, distinct and ascending, at least one item each.

    Raises:
        ValueError: the arguments differ in length, a query has no target, or a list repeats an
            item (each repeat would count as one more hit).
    """
    if len(lists) != len(targets):
        raise ValueError(f"`lists` has {len(lists)} rows, `targets` has {len(targets)}")
    if (targets.lengths == 0).any():
        raise ValueError("each query needs a target: leave out the queries without one")
    ordered = np.sort(lists, axis=1)
    if ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] > 0)).any():
        raise ValueError("a list must not name an item twice")
    return Hits(_contains(targets, lists), targets.lengths)


def _contains(targets: Rows, lists: NDArray[np.int32]) -> NDArray[np.bool_]:
    if lists.size == 0:
        return np.zeros(lists.shape, np.bool_)
    width = np.int64(max(lists.max(), targets.items.max(initial=0))) + 1
    keys = targets.owners * width + targets.items
    wanted = np.arange(len(lists))[:, None] * width + lists
    return contains(keys, wanted) & (lists > 0)
