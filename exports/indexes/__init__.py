"""Indexes of candidate embeddings, one file each.

An index module holds `Options`, `build(options, embeddings, folder, seed)` and
`load(folder) -> Search`. It sees only what `exports.index.Index` let through: at least one query,
all finite and of the right width, and 1 <= k <= N.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Found = tuple[NDArray[np.int64], NDArray[np.float32]]
"""Positions int64 [B, k] (-1: none) and scores float32 [B, k] (-inf: none), best first."""

Search = Callable[[NDArray[np.float32], int], Found]
"""Finds the k candidates with the largest inner products for queries float32 [B, D]."""
