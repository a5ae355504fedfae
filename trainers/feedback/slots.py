"""Lists with some slots filled at random, and how likely each slot was."""

import numpy as np
from numpy.typing import NDArray

Lists = NDArray[np.int64]
EMPTY = -1


def mix(
    base: Lists, allowed: NDArray[np.bool_], random_share: float, random: np.random.Generator
) -> tuple[Lists, NDArray[np.float64]]:
    """Fill each slot with the base's next item or, with a chance, with any other one.

    A random slot holds one of the allowed items that do not stand above it, each as likely. The
    propensity of item i in a slot, given the items above, is therefore
    `random_share / left + (1 - random_share) [i is the base's next]`.

    Args:
        base: int64 [U, K], allowed items, best first; -1 is no item. As many as there are.
        allowed: bool [U, N], which items a user may be shown.
        random_share: chance of a slot to be random.
        random: draws, the same ones whatever the base and the share.

    Returns:
        int64 [U, K], the lists, and float64 [U, K], the propensities; 0 at empty slots.
    """
    chance = _shuffled(allowed, base.shape[1], random)
    explores = random.random(base.shape) < random_share
    used = ~allowed
    left = allowed.sum(axis=1)
    lists, propensity = np.full(base.shape, EMPTY), np.zeros(base.shape)
    for place in range(base.shape[1]):
        usual, other = _next(base, used), _next(chance, used)
        item = np.where(explores[:, place], other, usual)
        filled = np.flatnonzero(item != EMPTY)
        used[filled, item[filled]] = True
        lists[:, place] = item
        likely = random_share / np.maximum(left - place, 1) + (1 - random_share) * (item == usual)
        propensity[filled, place] = likely[filled]
    return lists, propensity


def _shuffled(allowed: NDArray[np.bool_], k: int, random: np.random.Generator) -> Lists:
    """The first k of each user's allowed items in random order; -1 where fewer are allowed."""
    keys = np.where(allowed, random.random(allowed.shape), np.inf)
    order = np.argsort(keys, axis=1)[:, :k]
    found = np.where(np.isinf(np.take_along_axis(keys, order, axis=1)), EMPTY, order)
    return np.pad(found, ((0, 0), (0, k - found.shape[1])), constant_values=EMPTY)


def _next(ranked: Lists, used: NDArray[np.bool_]) -> Lists:
    """The first item of each row that is not used: int64 [U]; -1 when all are."""
    row = np.arange(len(ranked))
    free = (ranked != EMPTY) & ~used[row[:, None], ranked]
    first = ranked[row, free.argmax(axis=1)]
    return np.where(free.any(axis=1), first, EMPTY)
