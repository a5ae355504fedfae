"""How often each item was taken while training."""

import numpy as np
from numpy.typing import NDArray

from tfrs_models.data.dataset import PreparedDataset


def train_counts(dataset: PreparedDataset) -> NDArray[np.int64]:
    """Positive training events of each item: int64 [num_items]."""
    events = dataset.events
    learned = events.learned
    return np.bincount(events.item[learned], minlength=dataset.num_items)


def head(counts: NDArray[np.int64], share: float) -> NDArray[np.bool_]:
    """Marks the most popular items: bool [num_items].

    Args:
        counts: int64 [num_items], training events.
        share: of the items with a training event, rounded up; ties go to the lower row.
    """
    size = int(np.ceil(share * np.count_nonzero(counts)))
    order = np.argsort(-counts, kind="stable")[:size]
    marked = np.zeros(len(counts), np.bool_)
    marked[order] = True
    return marked


def fill_with_popularity(
    scores: NDArray[np.float32], counts: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Order the items without evidence by popularity, below those with a positive score.

    A score of exactly 0 means that the method knows nothing; it becomes a value in [-1, 0) that
    grows with the item's training events. So a new user gets the most popular items.

    Args:
        scores: float32 [B, num_items]; changed in place and returned.
        counts: int64 [num_items], training events.
    """
    fallback = (counts / (counts.max() + 1) - 1).astype(np.float32)
    np.add(scores, fallback, out=scores, where=scores == 0)
    return scores
