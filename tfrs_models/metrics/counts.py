"""Metrics that count hits and ignore their order: precision, recall, hit rate."""

import numpy as np
from numpy.typing import NDArray

from tfrs_models.metrics.hits import Hits


def count(hits: Hits, k: int) -> NDArray[np.float64]:
    """Number of hits in the first k places: float64 [Q]."""
    counted: NDArray[np.float64] = hits.matrix[:, :k].sum(axis=1, dtype=np.float64)
    return counted


def precision(hits: Hits, k: int) -> NDArray[np.float64]:
    """Share of the first k places that hold a target: float64 [Q].

    A list shorter than k is divided by k all the same: an empty place is a miss.
    """
    return count(hits, k) / k


def recall(hits: Hits, k: int) -> NDArray[np.float64]:
    """Share of the targets in the first k places: float64 [Q].

    Divided by the number of targets, so with more than k targets it cannot reach 1. Some
    libraries divide by min(k, targets) instead: compare figures only after a look at theirs.
    """
    return count(hits, k) / hits.num_targets


def hit_rate(hits: Hits, k: int) -> NDArray[np.float64]:
    """1 where the first k places hold a target, else 0: float64 [Q]."""
    return np.minimum(count(hits, k), 1.0)
