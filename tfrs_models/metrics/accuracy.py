"""All accuracy metrics at all list lengths."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from tfrs_models.metrics.counts import hit_rate, precision, recall
from tfrs_models.metrics.hits import Hits, find_hits
from tfrs_models.metrics.ranks import average_precision, mrr, ndcg
from tfrs_models.metrics.rows import Rows

METRICS: Mapping[str, Callable[[Hits, int], NDArray[np.float64]]] = {
    "recall": recall,
    "ndcg": ndcg,
    "precision": precision,
    "hit_rate": hit_rate,
    "mrr": mrr,
    "map": average_precision,
}
"""Metrics by name: (hits, k) -> one value a query. Their means are what a table shows."""


def accuracy(
    lists: NDArray[np.int32], targets: Rows, ks: Sequence[int]
) -> dict[str, NDArray[np.float64]]:
    """Every metric of every query, keyed by names such as `recall@20`: float64 [Q] each.

    Args:
        lists: int32 [Q, K], item rows, best first; 0 is no item.
        targets: Q rows, distinct and ascending, at least one item each.
        ks: lengths of the lists at which to measure.
    """
    hits = find_hits(lists, targets)
    return {f"{name}@{k}": metric(hits, k) for k in ks for name, metric in METRICS.items()}
