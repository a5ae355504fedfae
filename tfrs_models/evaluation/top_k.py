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
# float32 scores and as much again inside the scorer, an int64 key and its temporary.
_BYTES_A_SCORE = 4 + 4 + 8 + 8
_EXCLUDED = np.iinfo(np.int64).min


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
        best = _top_k(scores, seen, k)
        lists[block, : best.shape[1]] = best
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


def _top_k(scores: NDArray[np.float32], seen: Rows | None, k: int) -> NDArray[np.int32]:
    """int32 [B, min(k, N)], best first, 0 where nothing is left."""
    keys = _sort_keys(scores)
    keys[:, :FIRST_ROW] = _EXCLUDED
    if seen is not None:
        keys[seen.owners, seen.items] = _EXCLUDED
    width = keys.shape[1]
    k = min(k, width)
    keys.partition(width - k, axis=1)
    best = np.sort(keys[:, width - k :], axis=1)[:, ::-1]
    rows = width - 1 - (best & 0xFFFFFFFF)
    return np.where(best == _EXCLUDED, 0, rows).astype(np.int32)


def _sort_keys(scores: NDArray[np.float32]) -> NDArray[np.int64]:
    """Integers in the order of (score ascending, item row descending).

    The upper half holds the bits of the score; for negative floats all bits but the sign are
    flipped, which makes integer order float order. The lower half holds the reversed column.
    """
    # Adding 0 turns -0.0 into 0.0: they must tie.
    bits = (scores.astype(np.float32, copy=False) + np.float32(0)).view(np.int32)
    bits ^= (bits >> 31) & 0x7FFFFFFF
    keys = bits.astype(np.int64)
    keys <<= 32
    keys |= np.arange(scores.shape[1] - 1, -1, -1)
    return keys
