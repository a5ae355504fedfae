"""Fill a list from the top while least and largest numbers of some kinds are kept."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Quotas:
    """Numbers of items of G kinds in a list.

    Attributes:
        member: bool [N, G], which candidate is of which kind.
        least: int64 [G].
        most: int64 [G].
    """

    member: NDArray[np.bool_]
    least: NDArray[np.int64]
    most: NDArray[np.int64]


def fill(quotas: Quotas, pinned: Mapping[int, int], length: int) -> list[int]:
    """The candidates of the list, best first.

    A free place goes to the best candidate that no largest number forbids. Least numbers are served
    as late as possible: when as many places are free as items are missing, only those that are
    missing may come. Where no candidate is allowed, the best of the others comes.

    Args:
        quotas: the numbers, over N candidates in their order.
        pinned: candidate by place, from 0, below `length`.
        length: places, at most N.
    """
    left = np.ones(len(quotas.member), np.bool_)
    left[list(pinned.values())] = False
    counts = quotas.member[list(pinned.values())].sum(axis=0)
    free = length - len(pinned)
    listed = []
    for place in range(length):
        best = pinned.get(place)
        if best is None:
            best = _best(quotas, counts, left, free)
            left[best] = False
            counts = counts + quotas.member[best]
            free -= 1
        listed.append(best)
    return listed


def _best(quotas: Quotas, counts: NDArray[np.int64], left: NDArray[np.bool_], free: int) -> int:
    allowed = left & ~quotas.member[:, counts >= quotas.most].any(axis=1)
    available = (quotas.member & allowed[:, None]).sum(axis=0)
    missing = np.minimum(np.maximum(quotas.least - counts, 0), available)
    if missing.sum() >= free:
        wanted = allowed & quotas.member[:, missing > 0].any(axis=1)
        allowed = wanted if wanted.any() else allowed
    return int(np.argmax(allowed if allowed.any() else left))
