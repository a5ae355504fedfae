"""How different the items of one list are from each other."""

from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Vectors = TypeVar("Vectors", NDArray[np.float32], "csr_array")
"""A dense or a sparse matrix [N, D]."""

_BLOCK = 4096


def unit_rows(matrix: Vectors) -> Vectors:
    """Rows divided by their Euclidean norm, dense or sparse as given; zero rows stay zero."""
    norms = np.sqrt((matrix * matrix).sum(axis=1))
    scale = np.divide(1, norms, out=np.zeros_like(norms), where=norms > 0)
    scaled = matrix * scale[:, None]
    return scaled if isinstance(scaled, np.ndarray) else scaled.tocsr()


def diversity(lists: NDArray[np.int32], vectors: Vectors) -> NDArray[np.float64]:
    """Intra-list diversity, 1 - mean cosine over the pairs of a list: float64 [Q].

    A pair with a zero vector has cosine 0. NaN for a list of fewer than two items: it has no pair.
    Source: Ziegler et al., "Improving recommendation lists through topic diversification",
    WWW 2005.

    Args:
        lists: int32 [Q, K], item rows; 0 is no item.
        vectors: [num_items, D], unit rows or zero rows (`unit_rows`), dense or sparse.
    """
    blocks = [lists[start : start + _BLOCK] for start in range(0, len(lists), _BLOCK)]
    return np.concatenate([_diversity(block, vectors) for block in blocks] or [np.zeros(0)])


def _diversity(lists: NDArray[np.int32], vectors: Vectors) -> NDArray[np.float64]:
    """The sum of all pairwise cosines is `|sum of vectors|^2 - sum of |vector|^2`."""
    from scipy.sparse import csr_array

    present = lists > 0
    sizes = present.sum(axis=1)
    indptr = np.concatenate([[0], np.cumsum(sizes)])
    ones = np.ones(indptr[-1], np.float32)
    members = csr_array((ones, lists[present], indptr), shape=(len(lists), vectors.shape[0]))
    total = members @ vectors
    own = members @ (vectors * vectors).sum(axis=1)
    pairs = sizes * (sizes - 1.0)
    cosines = np.full(len(lists), np.nan)
    np.divide((total * total).sum(axis=1) - own, pairs, out=cosines, where=pairs > 0)
    return 1 - cosines
