"""User-based nearest neighbours: items of the training users most like the history."""

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
    """Settings of `user_knn`."""

    neighbours: Annotated[int, Field(ge=1)] = 100
    """Most similar training users who vote."""
    shrinkage: Annotated[float, Field(ge=0)] = 0.0
    """Added to the cosine's denominator: similarities seen in few items count less."""


def fit(
    options: Options,
    dataset: PreparedDataset,
    queries: Queries,
    seed: int,  # noqa: ARG001 - the signature of every baseline
) -> Scorer:
    """Cosine between the history and each training user; neighbours vote for their items.

    The query's own training row is no neighbour: it holds only items of the history. Source:
    Sarwar et al., "Analysis of recommendation algorithms for e-commerce", EC 2000.
    """
    taken = train_matrix(dataset)
    profiles = indicator(queries.history, dataset.num_items)
    counts = train_counts(dataset)

    def score(block: NDArray[np.intp]) -> NDArray[np.float32]:
        votes = np.empty((len(block), dataset.num_items), np.float32)
        for part in row_blocks(len(block), dataset.num_users):
            rows = block[part]
            near = _neighbours(profiles[rows], queries.user[rows], taken, options)
            votes[part] = (near @ taken).toarray()
        return fill_with_popularity(votes, counts)

    return score


def _neighbours(
    profiles: "csr_array", own: NDArray[np.int32], taken: "csr_array", options: Options
) -> "csr_array":
    """Similarities of the nearest training users: float32 [B, num_users]."""
    together = (profiles @ taken.T).toarray()
    together[np.arange(len(own)), own] = 0
    norms = np.sqrt(profiles.sum(axis=1)), np.sqrt(taken.sum(axis=1))
    cosine = together / np.maximum(np.outer(*norms) + options.shrinkage, 1e-9)
    return keep_largest(cosine, options.neighbours)
