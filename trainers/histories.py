"""Histories of queries as fixed-width arrays, the form in which the query tower reads them.

Legend: Q queries, L history length.
"""

import numpy as np
from numpy.typing import NDArray

from tfrs_models.backend import tf
from tfrs_models.data.dataset import FIRST_ROW, PreparedDataset
from tfrs_models.evaluation.queries import Queries
from tfrs_models.features.history import GAP, HISTORY, TYPE, HistorySpec, gaps_to_next
from tfrs_models.features.tables import MICROSECONDS_A_SECOND
from tfrs_models.metrics.rows import Rows


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
    items = queries.history.items
    known = (items >= FIRST_ROW) & (items < dataset.known_items)
    limits = np.full(len(queries), spec.length)
    history = queries.history.where(known).latest(limits)
    event = queries.events.where(known).latest(limits).items
    columns = {HISTORY: history.items}
    if spec.num_types:
        columns[TYPE] = dataset.events.type[event].astype(np.int32) + FIRST_ROW
    if spec.num_gaps:
        seconds = tf.constant(dataset.events.time[event] // MICROSECONDS_A_SECOND)
        request_seconds = tf.constant(queries.time // MICROSECONDS_A_SECOND)
        gaps = gaps_to_next(seconds, tf.constant(history.owners), request_seconds)
        columns[GAP] = gaps.numpy()
    return {name: _padded(Rows(history.indptr, c), spec.length) for name, c in columns.items()}


def _padded(rows: Rows, length: int) -> NDArray[np.int32]:
    """Rows of at most `length` values, filled from the left: int32 [Q, length]."""
    owners = rows.owners
    filled = np.zeros((len(rows), length), np.int32)
    filled[owners, np.arange(len(owners)) - rows.indptr[owners]] = rows.items
    return filled
