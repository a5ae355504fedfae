"""Counter-based random numbers: each is a pure function of (seed, stream, entity, index).

No generator carries a state, so a number depends neither on the order of the work nor on the size
of its chunks, and any user or item can be asked for alone. The mixing function is the finaliser of
SplitMix64 (Steele, Lea & Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
"""

import hashlib
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


@cache
def _stream_key(seed: int, stream: str) -> np.uint64:
    digest = hashlib.sha256(f"{seed}/{stream}".encode()).digest()
    return np.uint64(int.from_bytes(digest[:8], "little"))


def _mix(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64's finaliser, in place."""
    state ^= state >> np.uint64(30)
    state *= _FIRST
    state ^= state >> np.uint64(27)
    state *= _SECOND
    state ^= state >> np.uint64(31)
    return state


def bits(seed: int, stream: str, entity: ArrayLike, index: ArrayLike = 0) -> NDArray[np.uint64]:
    """64 random bits for each (entity, index), broadcast together.

    Args:
        seed: seed of the world.
        stream: name of the quantity; two names give independent numbers.
        entity: integers, who the number belongs to.
        index: integers, which of the entity's numbers.
    """
    outer = np.atleast_1d(np.asarray(entity)).astype(np.uint64)
    inner = np.atleast_1d(np.asarray(index)).astype(np.uint64)
    outer *= _GOLDEN
    outer += _stream_key(seed, stream)
    inner += np.uint64(1)
    inner *= _GOLDEN
    return _mix(np.asarray(_mix(outer) + inner))


def uniform(seed: int, stream: str, entity: ArrayLike, index: ArrayLike = 0) -> NDArray[np.float64]:
    """Uniform numbers in [0, 1) with 53 random bits; arguments as in `bits`."""
    words = bits(seed, stream, entity, index)
    words >>= np.uint64(11)
    return np.asarray(words * np.float64(2.0**-53))


def normal(seed: int, stream: str, entity: ArrayLike, count: int) -> NDArray[np.float32]:
    """Standard normal numbers [len(entity), count], two from each word (Box & Muller 1958)."""
    column = np.atleast_1d(np.asarray(entity))[:, None]
    words = bits(seed, stream, column, np.arange((count + 1) // 2))
    high = (words >> np.uint64(32)).astype(np.float32)
    low = (words & np.uint64(0xFFFFFFFF)).astype(np.float32)
    radius = np.sqrt(np.float32(-2.0) * np.log((high + np.float32(0.5)) * np.float32(2.0**-32)))
    angle = low * np.float32(2.0 * np.pi * 2.0**-32)
    pairs = np.concatenate([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return np.ascontiguousarray(pairs[:, :count], dtype=np.float32)


def pick(cumulative: NDArray[np.float64], share: NDArray[np.float64]) -> NDArray[np.int64]:
    """Index drawn in proportion to the steps of `cumulative`, at `share` of its last value.

    Args:
        cumulative: [n], running sums, not normalised.
        share: [B] in [0, 1).

    Returns:
        int64 [B].
    """
    found = np.searchsorted(cumulative, share * cumulative[-1], side="right")
    return np.asarray(np.minimum(found, len(cumulative) - 1))


def pick_rows(
    cumulative: NDArray[np.float64], row: NDArray[np.int64], share: NDArray[np.float64]
) -> NDArray[np.int64]:
    """The same with a distribution for each row; probabilities are rounded to 2**-32.

    Args:
        cumulative: [R, n], running sums along each row, not normalised.
        row: int64 [B], the distribution of each draw.
        share: [B] in [0, 1).

    Returns:
        int64 [B].
    """
    # Rows laid end to end on a line of integers, so one search serves all. Integers, because
    # adding the row's number to a float would round by where the row stands in its chunk.
    rows, width = cumulative.shape
    line = (cumulative * (2.0**32 / cumulative[:, -1:])).astype(np.int64)
    line += np.arange(rows, dtype=np.int64)[:, None] << 32
    target = (share * 2.0**32).astype(np.int64) + (row << 32)
    found = np.searchsorted(line.ravel(), target, side="right")
    return np.asarray(np.clip(found - row * width, 0, width - 1))
