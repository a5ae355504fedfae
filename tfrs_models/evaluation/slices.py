"""Parts of the queries and targets that an average hides."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfrs_models.data.dataset import PreparedDataset
from tfrs_models.evaluation.popularity import head, train_counts
from tfrs_models.evaluation.queries import Queries
from tfrs_models.metrics.rows import Rows

_HEAD_SHARE = 0.2
_HISTORY = {
    "history_0": (0, 0),
    "history_1_to_4": (1, 4),
    "history_5_to_19": (5, 19),
    "history_from_20": (20, np.inf),
}


@dataclass(frozen=True)
class Slice:
    """Some queries with some of their targets.

    Attributes:
        name: the slice's name in the metrics.
        queries: intp [S], indices of the queries, ascending.
        targets: S rows, at least one item each.
    """

    name: str
    queries: NDArray[np.intp]
    targets: Rows


def slices(dataset: PreparedDataset, queries: Queries) -> Iterator[Slice]:
    """All slices, the empty ones included.

    - `new_users`: outside the vocabulary, or with an empty history.
    - `new_items`: only targets outside the vocabulary; queries with such a target.
    - `tail_items`: only targets outside the 20% of the trained items with the most training events.
    - `history_*`: by the number of events in the history.
    """
    lengths = queries.history.lengths
    targets = queries.targets
    popular = head(train_counts(dataset), _HEAD_SHARE)
    yield _of_queries("new_users", queries, (queries.user >= dataset.known_users) | (lengths == 0))
    yield _of_targets("new_items", queries, targets.items >= dataset.known_items)
    yield _of_targets("tail_items", queries, ~popular[targets.items])
    for name, (low, high) in _HISTORY.items():
        yield _of_queries(name, queries, (lengths >= low) & (lengths <= high))


def _of_queries(name: str, queries: Queries, keep: NDArray[np.bool_]) -> Slice:
    rows = np.flatnonzero(keep)
    return Slice(name, rows, queries.targets.take(rows))


def _of_targets(name: str, queries: Queries, keep: NDArray[np.bool_]) -> Slice:
    targets = queries.targets.where(keep)
    rows = np.flatnonzero(targets.lengths)
    return Slice(name, rows, targets.take(rows))
