"""Exact top-k over the whole catalogue, in blocks that fit a memory limit."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from configs.errors import DataError
from tfrs_models.data.dataset import FIRST_ROW
from tfrs_models.evaluation.queries import Queries
from tfrs_models.metrics.rows import Rows

Scorer = Callable[[NDArray[np.intp]], NDArray[np.float32]]
"""Indices of a block of queries -> float32 [B, num_items], column c scores item row c."""

# Measured: larger blocks fall out of the cache and are no faster.
_MAX_BLOCK = 1024
# The scorer's scores, as much again inside it, and the worst case here: all scores tie.
_BYTES_A_SCORE = 96
_GROUPS_A_PLACE = 16
_LOWER_HALF = 0xFFFFFFFF
_NOTHING = np.iinfo(np.int64).min
_LOWEST = np.finfo(np.float32).min


def blocks(rows: int, width: int, memory_limit_mib: int) -> Iterator[NDArray[np.intp]]:
    """Consecutive blocks of query indices whose scores fit the memory limit."""
    fitting = memory_limit_mib * 2**20 // (width * _BYTES_A_SCORE)
    size = int(np.clip(fitting, 1, _MAX_BLOCK))
    for start in range(0, rows, size):
        yield np.arange(start, min(start + size, rows))


def top_k_lists(
    scorer: Scorer,
    queries: Queries,
    num_items: int,
    k: int,
    memory_limit_mib: int = 1024,
    exclude_seen: bool = True,
    name: str = "scorer",
) -> NDArray[np.int32]:
    """The k best items of every query, best first.

    Ties go to the lower item row. Rows 0 and 1 are never recommended.

    Args:
        scorer: scores a block of queries against all items.
        queries: the queries.
        num_items: N, rows of the items table.
        k: length of the lists.
        memory_limit_mib: memory that one block may take.
        exclude_seen: leave out the items of the history.
        name: the system's name, for errors.

    Returns:
        int32 [Q, k], item rows; 0 where fewer than k items are left.

    Raises:
        DataError: a score is not finite, or the scores have the wrong shape.
    """
    lists = np.zeros((len(queries), k), np.int32)
    for block in blocks(len(queries), num_items, memory_limit_mib):
        scores = scorer(block)
        _check(scores, (len(block), num_items), name)
        seen = queries.seen.take(block) if exclude_seen else None
        lists[block] = _top_k(_exclude(scores, seen), k)
    return lists


def _check(scores: NDArray[np.float32], shape: tuple[int, int], name: str) -> None:
    if scores.shape != shape:
        raise DataError(f"`{name}` must return scores of shape {shape}, received {scores.shape}.")
    if not np.isfinite(scores).all():
        row, column = np.argwhere(~np.isfinite(scores))[0]
        raise DataError(
            f"`{name}` must return finite scores, received {scores[row, column]} for item row "
            f"{column}. Look for a diverged training or a division by zero."
        )


def _exclude(scores: NDArray[np.float32], seen: Rows | None) -> NDArray[np.float32]:
    """A copy with -inf where an item must not be recommended."""
    allowed = np.array(scores, np.float32)
    allowed[:, :FIRST_ROW] = -np.inf
    if seen is not None:
        allowed[seen.owners, seen.items] = -np.inf
    return allowed


def _top_k(scores: NDArray[np.float32], k: int) -> NDArray[np.int32]:
    """int32 [B, k], best first; -inf is never taken, 0 where nothing is left."""
    rows, columns = np.divmod(
        np.flatnonzero(scores >= _lower_bounds(scores, k)[:, None]), scores.shape[1]
    )
    starts = np.searchsorted(rows, np.arange(len(scores)))
    places = np.arange(len(rows)) - starts[rows]
    width = max(k, int(places.max(initial=0)) + 1)
    keys = np.full((len(scores), width), _NOTHING)
    keys[rows, places] = _sort_keys(scores[rows, columns], columns)
    keys.partition(width - k, axis=1)
    best = np.sort(keys[:, width - k :], axis=1)[:, ::-1]
    return np.where(best == _NOTHING, 0, _LOWER_HALF - (best & _LOWER_HALF)).astype(np.int32)


def _lower_bounds(scores: NDArray[np.float32], k: int) -> NDArray[np.float32]:
    """A finite score of each row that at least k items reach, if k items are allowed: [B].

    It is the k-th largest of the maxima of disjoint groups of columns, which takes a twentieth of
    the time of the exact k-th largest score and lets few more items through.
    """
    rows, width = scores.shape
    size = max(1, width // (_GROUPS_A_PLACE * k))
    groups = width // size
    if groups < k:
        return np.full(rows, _LOWEST)
    maxima = scores[:, : size * groups].reshape(rows, size, groups).max(axis=1)
    bounds: NDArray[np.float32] = np.partition(maxima, groups - k, axis=1)[:, groups - k]
    return np.maximum(bounds, _LOWEST)


def _sort_keys(scores: NDArray[np.float32], columns: NDArray[np.intp]) -> NDArray[np.int64]:
    """Integers in the order of (score ascending, column descending).

    The upper half holds the bits of the score; for negative floats all bits but the sign are
    flipped, which makes integer order float order. The lower half holds the reversed column.
    """
    # Adding 0 turns -0.0 into 0.0: they must tie.
    bits = (scores + np.float32(0)).view(np.int32)
    ordered = (bits ^ ((bits >> 31) & 0x7FFFFFFF)).astype(np.int64)
    return (ordered << 32) | (_LOWER_HALF - columns)
