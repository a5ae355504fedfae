"""Histories of queries as fixed-width arrays, the form in which the query tower reads them.

Legend: Q queries, L history length.
"""

import numpy as np
from numpy.typing import NDArray

from tfrs_models.backend import tf
from tfrs_models.data.dataset import FIRST_ROW, PreparedDataset
from tfrs_models.evaluation.queries import Queries
from tfrs_models.features.history import GAP, HISTORY, TYPE, HistorySpec, gap_ids

_MICROSECONDS_A_SECOND = 1_000_000


def encoded_histories(
    dataset: PreparedDataset, queries: Queries, spec: HistorySpec
) -> dict[str, NDArray[np.int32]]:
    """The most recent known items of each query's history, with what they carry.

    Args:
        dataset: tells which items are known, and when and how they were taken.
        queries: the queries.
        spec: what a history holds.

    Returns:
        int32 [Q, L] each, oldest first, 0 padding last: what `FeatureEncoder.encode_history` gives.
    """
    if not spec.length:
        return {}
    items, owners = queries.history.items, queries.history.owners
    known = (items >= FIRST_ROW) & (items < dataset.known_items)
    items, owners, event = items[known], owners[known], queries.events.items[known]
    cells = latest_cells(owners, len(queries), spec.length)
    columns = {HISTORY: items}
    if spec.num_types:
        columns[TYPE] = dataset.events.type[event].astype(np.int32) + FIRST_ROW
    if spec.num_gaps:
        columns[GAP] = _gaps(dataset.events.time[event], owners, queries.time)
    return {
        name: _filled(column, cells, len(queries), spec.length) for name, column in columns.items()
    }


Cells = tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[np.int64]]
"""Which values are kept, and the row and column of each that is."""


def latest_cells(owners: NDArray[np.int64], rows: int, length: int) -> Cells:
    """Where the last `length` values of each row go, when earlier ones fill from the left.

    Args:
        owners: [T], the row of each value, ascending.
        rows: Q.
        length: L.
    """
    counts = np.bincount(owners, minlength=rows)
    places = np.arange(len(owners)) - np.repeat(np.cumsum(counts) - counts, counts)
    places -= np.maximum(counts - length, 0)[owners]
    kept = places >= 0
    return kept, owners[kept], places[kept]


def _filled(values: NDArray[np.int32], cells: Cells, rows: int, length: int) -> NDArray[np.int32]:
    kept, row, place = cells
    filled = np.zeros((rows, length), np.int32)
    filled[row, place] = values[kept]
    return filled


def _gaps(
    time: NDArray[np.int64], owners: NDArray[np.int64], request_time: NDArray[np.int64]
) -> NDArray[np.int32]:
    """Ids of the time from each event to the next of its row, or to the request: int32 [T]."""
    seconds = time // _MICROSECONDS_A_SECOND
    ends = np.append(owners[1:] != owners[:-1], True)[: len(owners)]
    following = np.append(seconds[1:], 0)[: len(owners)]
    following = np.where(ends, request_time[owners] // _MICROSECONDS_A_SECOND, following)
    gaps: NDArray[np.int32] = gap_ids(tf.constant(seconds), tf.constant(following)).numpy()
    return gaps
