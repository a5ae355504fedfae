"""The largest scores of each row, exactly and in a defined order, much faster than a sort."""

import numpy as np
from numpy.typing import NDArray

_GROUPS_A_PLACE = 16
_LOWER_HALF = 0xFFFFFFFF
_NOTHING = np.iinfo(np.int64).min
_LOWEST = np.finfo(np.float32).min


def largest_columns(scores: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """Columns of the k largest scores of each row, largest first; ties go to the lower column.

    Args:
        scores: float32 [B, N]; -inf is never taken, NaN is not allowed.
        k: columns wanted.

    Returns:
        int64 [B, k]; -1 where fewer than k are left.
    """
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
    return np.where(best == _NOTHING, -1, _LOWER_HALF - (best & _LOWER_HALF))


def _lower_bounds(scores: NDArray[np.float32], k: int) -> NDArray[np.float32]:
    """A finite score of each row that at least k items reach, if k items may be taken: [B].

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
