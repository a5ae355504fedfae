"""Exact top-k over the whole catalogue, in blocks that fit a memory limit."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from configs.errors import DataError
from tfrs_models.data.dataset import FIRST_ROW, MISSING_ROW
from tfrs_models.evaluation.queries import Queries
from tfrs_models.evaluation.selection import largest_columns
from tfrs_models.metrics.rows import Rows

Scorer = Callable[[NDArray[np.intp]], NDArray[np.float32]]
"""Indices of a block of queries -> float32 [B, num_items], column c scores item row c."""

# Measured: larger blocks fall out of the cache and are no faster.
_MAX_BLOCK = 1024
# The scorer's scores, as much again inside it, and the worst case of the selection: all tie.
_BYTES_A_SCORE = 96


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
        best = largest_columns(_exclude(scores, seen), k)
        lists[block] = np.where(best < 0, MISSING_ROW, best)
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
