"""Greedy MAP of a determinantal point process: the list whose vectors span the largest volume.

The kernel is `exp(a r_i) s_ij exp(a r_j)` with relevance r and similarity s; a grows with the
setting `relevance`. Each place goes to the candidate that raises the log determinant most, which an
incremental Cholesky factor tells in O(N) per chosen item: O(K^2 N) in all.

Source: Chen, Zhang and Zhou, "Fast greedy MAP inference for determinantal point process to improve
recommendation diversity", NeurIPS 2018.
"""

import math
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

    relevance: Annotated[float, Field(ge=0, le=1)] = 0.9
    """Theta: 1 keeps the order, 0 looks at the volume alone."""
    ridge: Annotated[float, Field(ge=1e-6, lt=1)] = 0.01
    """Share of each item that no other explains: two that are the same can still both come."""


def needs(options: Options) -> Needs:
    """The column, or the vectors."""
    return similarity_needs(options)


def rerank(options: Options, candidates: Candidates, k: int) -> NDArray[np.int64]:
    """Greedily the largest `theta sum of relevance + (1 - theta) log det of the similarities`.

    The similarities are `(1 - ridge) cosine + ridge identity`. Their factor alone is updated, and
    relevance is added to its logarithm, so that no exponential can overflow.
    """
    gains = options.relevance * relevance(options, candidates)
    vectors = math.sqrt(1 - options.ridge) * unit_vectors(options, candidates)
    unexplained = np.ones(len(candidates))
    factor = np.zeros((min(k, len(candidates)), len(candidates)))
    chosen: list[int] = []
    for row in factor:
        best = int(np.argmax(gains + (1 - options.relevance) * np.log(unexplained)))
        above = factor[: len(chosen)]
        row[:] = (vectors @ vectors[best] - above[:, best] @ above) / math.sqrt(unexplained[best])
        # It cannot fall below the ridge but by rounding.
        unexplained = np.maximum(unexplained - row * row, options.ridge)
        gains[best] = -np.inf
        chosen.append(best)
    return then_the_rest(chosen, len(candidates))
