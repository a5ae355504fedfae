"""Sparse matrices of users and items that the baselines share."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tfrs_models.data.dataset import TRAIN, PreparedDataset
from tfrs_models.metrics.rows import Rows

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# Cells of a dense block: 64 MiB of float32.
_BLOCK_CELLS = 2**24


def train_matrix(dataset: PreparedDataset) -> "csr_array":
    """Which user took which item while training: float32 [num_users, num_items] of 0 and 1."""
    events = dataset.events
    learned = (events.split == TRAIN) & (events.weight > 0)
    rows = Rows.from_owners(events.user[learned], events.item[learned], dataset.num_users)
    return indicator(rows, dataset.num_items)


def indicator(rows: Rows, width: int) -> "csr_array":
    """float32 [Q, width]: 1 where the row holds the item, once or more often."""
    from scipy.sparse import csr_array

    ones = np.ones(len(rows.items), np.float32)
    matrix = csr_array((ones, rows.items, rows.indptr), shape=(len(rows), width))
    matrix.sum_duplicates()
    matrix.data[:] = 1
    return matrix


def row_blocks(rows: int, width: int) -> list[slice]:
    """Slices of rows whose dense form, `width` wide, takes 64 MiB at most."""
    size = max(1, _BLOCK_CELLS // max(width, 1))
    return [slice(start, min(start + size, rows)) for start in range(0, rows, size)]


def keep_largest(dense: NDArray[np.float32], k: int) -> "csr_array":
    """The k largest positive values of each row as a sparse matrix; ties go to the lower column."""
    from scipy.sparse import csr_array

    k = min(k, dense.shape[1])
    kth = np.partition(dense, dense.shape[1] - k, axis=1)[:, dense.shape[1] - k, None]
    above = dense > np.maximum(kth, 0)
    level = (dense == kth) & (kth > 0)
    room = k - above.sum(axis=1, keepdims=True)
    kept = above | (level & (np.cumsum(level, axis=1) <= room))
    return csr_array(np.where(kept, dense, 0))
