"""Orders from what a method has chosen, or from its values."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def then_the_rest(chosen: Sequence[int], size: int) -> NDArray[np.int64]:
    """The chosen indices, and then the others below `size` in their order: int64 [size]."""
    first = np.array(chosen, np.int64)
    left = np.ones(size, np.bool_)
    left[first] = False
    return np.concatenate([first, np.flatnonzero(left)])


def by_value(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """The largest value first; equal ones keep their order: int64 [N]."""
    return np.argsort(-values, kind="stable")
