"""Indexes of candidate embeddings, one file each.

An index module holds `Options`, `build(options, embeddings, folder, seed)` and
`load(folder) -> Search`. It sees only what `exports.index.Index` let through: at least one query,
all finite and of the right width, and 1 <= k <= N.
"""

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

Positive = Annotated[int, Field(ge=1)]

Found = tuple[NDArray[np.int64], NDArray[np.float32]]
"""Positions int64 [B, k] (-1: none) and scores float32 [B, k] (-inf: none), best first."""

Search = Callable[[NDArray[np.float32], int], Found]
"""Finds the k candidates with the largest inner products for queries float32 [B, D]."""


SETTINGS = "search.json"
"""Holds the options of an index that act on searches alone, under their own names: changing one
needs no other build. Twice each number searches twice as much, see `exports.wider`."""
_FEWEST_REORDERED = 400
_REORDERED = 500
"""One of so many candidates is scored again exactly."""


def write_settings(folder: Path, settings: Mapping[str, Any]) -> None:
    """Write the settings of an index's searches."""
    (folder / SETTINGS).write_text(json.dumps(dict(settings)) + "\n")


def read_settings(folder: Path) -> dict[str, Any]:
    """Read the settings of an index's searches."""
    settings: dict[str, Any] = json.loads((folder / SETTINGS).read_text())
    return settings


def reordered(count: int, reorder: int | None) -> int:
    """How many candidates a query scores again exactly.

    Args:
        count: number of candidates.
        reorder: a five-hundredth of `count`, at least 400, when None.
    """
    return reorder or max(_FEWEST_REORDERED, count // _REORDERED)


def partition_sizes(
    count: int, partitions: int | None, searched: int | None, one_of: int
) -> tuple[int, int]:
    """How many partitions hold the candidates, and how many of them a query searches.

    Args:
        count: number of candidates.
        partitions: the square root of `count` when None.
        searched: one of `one_of` partitions, at least 10, when None.
        one_of: see `searched`.
    """
    number = min(partitions or math.isqrt(count), count)
    return number, min(searched or max(10, number // one_of), number)
