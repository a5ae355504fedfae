"""How the recommendations spread over the catalogue: coverage, Gini, popularity, novelty."""

import numpy as np
from numpy.typing import NDArray

from tfrs_models.data.dataset import FIRST_ROW


def exposure(lists: NDArray[np.int32], num_items: int) -> NDArray[np.int64]:
    """How often each item is recommended: int64 [num_items - 2], the reserved rows left out.

    Args:
        lists: int32 [Q, K], item rows; 0 is no item.
        num_items: rows of the items table.
    """
    return np.bincount(lists.ravel(), minlength=num_items)[FIRST_ROW:]


def coverage(exposed: NDArray[np.int64]) -> float:
    """Share of the catalogue that at least one list holds."""
    return float(np.mean(exposed > 0))


def gini(exposed: NDArray[np.int64]) -> float:
    """Inequality of exposure: 0 when all items are shown equally often, near 1 when one is.

    `G = sum over items in ascending order of (2 i - N - 1) x_i / (N sum of x)`. Source: Fleder and
    Hosanagar, "Blockbuster culture's next rise or fall", Management Science 55(5), 2009.
    """
    size = len(exposed)
    ranks = np.arange(1, size + 1)
    return float((2 * ranks - size - 1) @ np.sort(exposed) / (size * max(exposed.sum(), 1)))


def popularity_share(lists: NDArray[np.int32], popular: NDArray[np.bool_]) -> float:
    """Share of the recommendations that name a popular item.

    Args:
        lists: int32 [Q, K], item rows; 0 is no item.
        popular: bool [num_items], marks the popular items.
    """
    shown = lists[lists > 0]
    return float(popular[shown].mean()) if len(shown) else 0.0


def novelty(lists: NDArray[np.int32], counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Mean self-information of a list in bits: float64 [Q]; NaN for an empty list.

    `-log2((n_i + 1) / (n + N))` with the item's training events n_i, all training events n and the
    items N; adding 1 keeps items without events finite. Source: Zhou et al., "Solving the apparent
    diversity-accuracy dilemma of recommender systems", PNAS 107(10), 2010.

    Args:
        lists: int32 [Q, K], item rows; 0 is no item.
        counts: int64 [num_items], training events.
    """
    bits = -np.log2((counts + 1) / (counts.sum() + len(counts) - FIRST_ROW))
    bits[:FIRST_ROW] = 0
    sizes = (lists > 0).sum(axis=1)
    mean = np.full(len(lists), np.nan)
    np.divide(bits[lists].sum(axis=1), sizes, out=mean, where=sizes > 0)
    return mean
