"""How far the values in a list are from those in the user's history."""

import numpy as np
from numpy.typing import NDArray

from tfrs_models.data.dataset import FIRST_ROW
from tfrs_models.metrics.rows import Rows
from tfrs_models.reranking.column import Column
from tfrs_models.reranking.methods.calibrated import distribution, divergence, shares

_ALPHA = 0.01


def miscalibration(
    lists: NDArray[np.int32], histories: Rows, column: Column
) -> NDArray[np.float64]:
    """Kullback-Leibler divergence of each list from its history, in nats: float64 [Q].

    0 where the list has the values of the column in the same shares; NaN without a history of which
    something is known. An empty list has `-ln alpha`. Source: Steck, "Calibrated recommendations",
    RecSys 2018, with alpha = 0.01.

    Args:
        lists: int32 [Q, K], item rows; 0 is no item.
        histories: the items of the histories, Q rows.
        column: a column of all items; position i is item row i + 2.
    """
    bounds = zip(histories.indptr[:-1], histories.indptr[1:], strict=True)
    pasts = (histories.items[start:stop] for start, stop in bounds)
    return np.array(
        [_of_one(items[items > 0], past, column) for items, past in zip(lists, pasts, strict=True)]
    )


def _of_one(items: NDArray[np.int32], past: NDArray[np.int32], column: Column) -> float:
    values, wanted = distribution(column.take(past.astype(np.int64) - FIRST_ROW))
    if not len(values):
        return float("nan")
    listed = column.take(items.astype(np.int64) - FIRST_ROW)
    counted = max(np.count_nonzero(listed.lengths), 1)
    return float(divergence(wanted, shares(listed, values).sum(axis=0) / counted, _ALPHA))
