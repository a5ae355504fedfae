"""Histories as fixed-width arrays of item ids, the form in which the query tower reads them."""

import numpy as np
from numpy.typing import NDArray

from tfrs_models.data.dataset import PreparedDataset
from tfrs_models.metrics.rows import Rows


def history_ids(dataset: PreparedDataset, rows: NDArray[np.int32]) -> NDArray[np.int32]:
    """Item rows as history ids: unknown items become 0, as the encoder drops them."""
    return np.where(rows < dataset.known_items, rows, 0).astype(np.int32)


def latest_items(dataset: PreparedDataset, history: Rows, length: int) -> NDArray[np.int32]:
    """The most recent known items of each history.

    Args:
        dataset: tells which items are known.
        history: item rows, oldest first.
        length: L, items kept.

    Returns:
        int32 [Q, L], oldest first, 0 padding last: what `FeatureEncoder.encode_history` gives.
    """
    known = (history.items >= 2) & (history.items < dataset.known_items)
    owners = history.owners[known]
    items = history.items[known]
    counts = np.bincount(owners, minlength=len(history))
    places = np.arange(len(items)) - np.repeat(np.cumsum(counts) - counts, counts)
    places -= np.maximum(counts - length, 0)[owners]
    ids = np.zeros((len(history), length), np.int32)
    kept = places >= 0
    ids[owners[kept], places[kept]] = items[kept]
    return ids
