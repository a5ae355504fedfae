"""The items with the most training events, the same for everyone."""

import numpy as np
from numpy.typing import NDArray

from configs.section import Section
from tfrs_models.data.dataset import PreparedDataset
from tfrs_models.evaluation.popularity import train_counts
from tfrs_models.evaluation.queries import Queries
from tfrs_models.evaluation.top_k import Scorer


class Options(Section):
    """No settings."""


def fit(
    options: Options,  # noqa: ARG001 - the signature of every baseline
    dataset: PreparedDataset,
    queries: Queries,  # noqa: ARG001
    seed: int,  # noqa: ARG001
) -> Scorer:
    """Count the positive training events of each item."""
    counts = train_counts(dataset).astype(np.float32)

    def score(block: NDArray[np.intp]) -> NDArray[np.float32]:
        return np.broadcast_to(counts, (len(block), len(counts)))

    return score
