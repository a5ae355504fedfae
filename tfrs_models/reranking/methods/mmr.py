"""Maximal marginal relevance: each place goes to what is relevant and unlike the places above it.

Source: Carbonell and Goldstein, "The use of MMR, diversity-based reranking for reordering documents
and producing summaries", SIGIR 1998.
"""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tfrs_models.reranking.candidates import Candidates
from tfrs_models.reranking.needs import Needs
from tfrs_models.reranking.orders import then_the_rest
from tfrs_models.reranking.relevance import relevance
from tfrs_models.reranking.similarity import (
    SimilarityOptions,
    similarity_needs,
    unit_vectors,
)


class Options(SimilarityOptions):
    """The trade-off."""

    relevance: Annotated[float, Field(ge=0, le=1)] = 0.8
    """Lambda: 1 keeps the order, 0 looks at differences alone once the first item stands."""


def needs(options: Options) -> Needs:
    """The column, or the vectors."""
    return similarity_needs(options)


def rerank(options: Options, candidates: Candidates, k: int) -> NDArray[np.int64]:
    """Greedily the largest `lambda relevance - (1 - lambda) similarity to the nearest chosen`."""
    gains = options.relevance * relevance(options, candidates)
    vectors = unit_vectors(options, candidates)
    nearest = np.full(len(candidates), -np.inf)
    chosen = [0]
    for _ in range(min(k, len(candidates)) - 1):
        gains[chosen[-1]] = -np.inf
        np.maximum(nearest, vectors @ vectors[chosen[-1]], out=nearest)
        chosen.append(int(np.argmax(gains - (1 - options.relevance) * nearest)))
    return then_the_rest(chosen, len(candidates))
