"""How alike two candidates are: the cosine of their vectors, or of the values they share."""

import numpy as np
from numpy.typing import NDArray

from tfrs_models.reranking.candidates import Candidates
from tfrs_models.reranking.needs import Needs
from tfrs_models.reranking.relevance import RelevanceOptions


class SimilarityOptions(RelevanceOptions):
    """What makes candidates alike."""

    column: str | None = None
    """Items are alike by the values they share in this column; by their embeddings when missing."""


def similarity_needs(options: SimilarityOptions) -> Needs:
    """The column, or the vectors."""
    if options.column is None:
        return Needs(vectors=True)
    return Needs(columns=frozenset({options.column}))


def unit_vectors(options: SimilarityOptions, candidates: Candidates) -> NDArray[np.float64]:
    """Vectors whose inner products are the similarities: float64 [N, D], rows of norm 1 or 0.

    With a column, of two items with a and b values of which c are the same, `c / sqrt(a b)`. An
    item of which nothing is known is like no other.
    """
    if options.column is None:
        assert candidates.vectors is not None  # `similarity_needs` asks for them  # noqa: S101
        vectors = candidates.vectors.astype(np.float64)
    else:
        vectors = candidates.columns[options.column].members().astype(np.float64)
    norms = np.sqrt((vectors * vectors).sum(axis=1, keepdims=True))
    units = np.zeros_like(vectors)
    np.divide(vectors, norms, out=units, where=norms > 0)
    return units
