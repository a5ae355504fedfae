"""Indexes of candidate embeddings, one file each.

An index module holds `Options`, `build(options, embeddings, folder, seed)` and
`load(folder) -> Search`. It sees only what `exports.index.Index` let through: at least one query,
all finite and of the right width, and 1 <= k <= N.
"""

import math
from collections.abc import Callable
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

Positive = Annotated[int, Field(ge=1)]

Found = tuple[NDArray[np.int64], NDArray[np.float32]]
"""Positions int64 [B, k] (-1: none) and scores float32 [B, k] (-inf: none), best first."""

Search = Callable[[NDArray[np.float32], int], Found]
"""Finds the k candidates with the largest inner products for queries float32 [B, D]."""


def partition_sizes(count: int, partitions: int | None, searched: int | None) -> tuple[int, int]:
    """How many partitions hold the candidates, and how many of them a query searches.

    Args:
        count: number of candidates.
        partitions: the square root of `count` when None.
        searched: a tenth of the partitions, at least 10, when None.
    """
    number = min(partitions or math.isqrt(count), count)
    return number, min(searched or max(10, number // 10), number)
