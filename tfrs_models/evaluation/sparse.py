"""Sparse matrices of users and items that the baselines share."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tfrs_models.data.dataset import PreparedDataset
from tfrs_models.evaluation.selection import largest_columns
from tfrs_models.metrics.rows import Rows

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# Cells of a dense block: 16 MiB of float32, and about ten times that with its temporaries.
_BLOCK_CELLS = 2**22


def train_matrix(dataset: PreparedDataset) -> "csr_array":
    """Which user took which item while training: float32 [num_users, num_items] of 0 and 1."""
    events = dataset.events
    learned = events.learned
    rows = Rows.from_owners(events.user[learned], events.item[learned], dataset.num_users)
    return indicator(rows, dataset.num_items)


def indicator(rows: Rows, width: int) -> "csr_array":
    """float32 [Q, width]: 1 where the row holds the item, once or more often."""
    from scipy.sparse import csr_array

    ones = np.ones(len(rows.items), np.float32)
    # A copy: SciPy sorts the items in place, and the order of a history matters to others.
    parts = (ones, rows.items, rows.indptr)
    matrix = csr_array(parts, shape=(len(rows), width), copy=True)
    matrix.sum_duplicates()
    matrix.data[:] = 1
    return matrix


def row_blocks(rows: int, width: int) -> list[slice]:
    """Slices of rows whose dense form, `width` wide, takes 16 MiB, or one row each."""
    size = max(1, _BLOCK_CELLS // max(width, 1))
    return [slice(start, min(start + size, rows)) for start in range(0, rows, size)]


def keep_largest(dense: NDArray[np.float32], k: int) -> "csr_array":
    """The k largest positive values of each row as a sparse matrix; ties go to the lower column.

    Args:
        dense: float32 [B, N]; changed in place.
        k: values kept in each row.
    """
    from scipy.sparse import csr_array

    dense[dense <= 0] = -np.inf
    columns = largest_columns(dense, min(k, dense.shape[1]))
    rows, places = np.nonzero(columns >= 0)
    kept = columns[rows, places]
    return csr_array((dense[rows, kept], (rows, kept)), shape=dense.shape)
