"""Metrics that reward early hits: NDCG, MRR, MAP."""

import numpy as np
from numpy.typing import NDArray

from tfrs_models.metrics.hits import Hits


def ndcg(hits: Hits, k: int) -> NDArray[np.float64]:
    """Normalised discounted cumulative gain, binary gain: float64 [Q].

    `DCG@k = sum over hits at place i (from 1) of 1 / log2(i + 1)`, divided by the DCG of a list
    that starts with min(k, targets) hits. Source: Jarvelin and Kekalainen, "Cumulated gain-based
    evaluation of IR techniques", TOIS 20(4), 2002.
    """
    discount = 1 / np.log2(np.arange(2, k + 2))
    ideal = np.cumsum(discount)[np.minimum(hits.num_targets, k) - 1]
    gain: NDArray[np.float64] = _first(hits, k) @ discount / ideal
    return gain


def mrr(hits: Hits, k: int) -> NDArray[np.float64]:
    """1 / place of the first hit, 0 without a hit in the first k places: float64 [Q].

    The mean over queries is the mean reciprocal rank. Source: Voorhees, "The TREC-8 question
    answering track report", 1999.
    """
    first = _first(hits, k)
    reciprocal: NDArray[np.float64] = first.any(axis=1) / (first.argmax(axis=1) + 1)
    return reciprocal


def average_precision(hits: Hits, k: int) -> NDArray[np.float64]:
    """Mean of the precision at each hit: float64 [Q].

    `AP@k = sum over hits at place i of precision@i / min(k, targets)`; the mean over queries is
    MAP. Some libraries (ranx, trec_eval) divide by the number of targets instead, which is the
    same where k is not below it. Source: Manning, Raghavan and Schutze, "Introduction to
    Information Retrieval", section 8.4.
    """
    first = _first(hits, k)
    precisions = first * np.cumsum(first, axis=1) / np.arange(1, k + 1)
    total: NDArray[np.float64] = precisions.sum(axis=1)
    return total / np.minimum(hits.num_targets, k)


def _first(hits: Hits, k: int) -> NDArray[np.bool_]:
    """The first k places: bool [Q, k], empty places added to shorter lists."""
    missing = max(0, k - hits.matrix.shape[1])
    return np.pad(hits.matrix[:, :k], ((0, 0), (0, missing)))
