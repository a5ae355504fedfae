"""Items with the words of the history's items: the only baseline that knows new items."""

import numpy as np
from numpy.typing import NDArray

from configs.section import Section
from tfrs_models.data.dataset import PreparedDataset
from tfrs_models.evaluation.content import content_vectors
from tfrs_models.evaluation.popularity import fill_with_popularity, train_counts
from tfrs_models.evaluation.queries import Queries
from tfrs_models.evaluation.sparse import indicator
from tfrs_models.evaluation.top_k import Scorer
from tfrs_models.metrics.diversity import unit_rows


class Options(Section):
    """No settings."""


def fit(
    options: Options,  # noqa: ARG001 - the signature of every baseline
    dataset: PreparedDataset,
    queries: Queries,
    seed: int,  # noqa: ARG001
) -> Scorer:
    """Cosine between an item's TF-IDF vector and the mean vector of the history's items."""
    vectors = content_vectors(dataset)
    # The cosine ignores the profile's length, so the sum stands for the mean.
    profiles = unit_rows(indicator(queries.history, dataset.num_items) @ vectors)
    counts = train_counts(dataset)
    by_term = vectors.T.tocsr()

    def score(block: NDArray[np.intp]) -> NDArray[np.float32]:
        return fill_with_popularity((profiles[block] @ by_term).toarray(), counts)

    return score
