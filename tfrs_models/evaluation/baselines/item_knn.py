"""Item-based nearest neighbours: items taken by the users who took those of the history."""

from typing import TYPE_CHECKING, Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from configs.section import Section
from tfrs_models.data.dataset import PreparedDataset
from tfrs_models.evaluation.popularity import fill_with_popularity, train_counts
from tfrs_models.evaluation.queries import Queries
from tfrs_models.evaluation.sparse import indicator, keep_largest, row_blocks, train_matrix
from tfrs_models.evaluation.top_k import Scorer

if TYPE_CHECKING:
    from scipy.sparse import csr_array


class Options(Section):
    """Settings of `item_knn`."""

    neighbours: Annotated[int, Field(ge=1)] = 100
    """Most similar items kept for each item."""
    shrinkage: Annotated[float, Field(ge=0)] = 10.0
    """Added to the cosine's denominator: similarities seen in few users count less."""


def fit(
    options: Options,
    dataset: PreparedDataset,
    queries: Queries,
    seed: int,  # noqa: ARG001 - the signature of every baseline
) -> Scorer:
    """Cosine between the user sets of the items; a score sums over the items of the history.

    `s(i, j) = |U_i and U_j| / (sqrt(|U_i| |U_j|) + shrinkage)`. Source: Deshpande and Karypis,
    "Item-based top-N recommendation algorithms", TOIS 22(1), 2004.
    """
    similarity = _similarity(train_matrix(dataset), options)
    profiles = indicator(queries.history, dataset.num_items)
    counts = train_counts(dataset)

    def score(block: NDArray[np.intp]) -> NDArray[np.float32]:
        return fill_with_popularity((profiles[block] @ similarity).toarray(), counts)

    return score


def _similarity(taken: "csr_array", options: Options) -> "csr_array":
    """Row j holds the weights of item j in the scores of other items: float32 [N, N]."""
    from scipy.sparse import vstack

    users_of = taken.T.tocsr()
    norms = np.sqrt(users_of.sum(axis=1)).astype(np.float32)
    items = len(norms)
    kept = []
    for rows in row_blocks(items, items):
        together = (users_of[rows] @ taken).toarray()
        together[np.arange(len(together)), np.arange(rows.start, rows.stop)] = 0
        cosine = together / np.maximum(np.outer(norms[rows], norms) + options.shrinkage, 1e-9)
        kept.append(keep_largest(cosine, options.neighbours))
    return vstack(kept).T.tocsr()
