"""Scores of any scale as relevance between 0 and 1, which can be traded off."""

from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from configs.section import Section
from tfrs_models.reranking.candidates import Candidates


class RelevanceOptions(Section):
    """How scores become relevance."""

    scale: Literal["min_max", "rank"] = "min_max"
    """`min_max` reads the distances between scores, `rank` the places alone."""


def relevance(options: RelevanceOptions, candidates: Candidates) -> NDArray[np.float64]:
    """Relevance of each candidate, falling: float64 [N] in [0, 1]."""
    return _SCALES[options.scale](candidates)


def _by_distance(candidates: Candidates) -> NDArray[np.float64]:
    """1 for the best score, 0 for the worst; 1 for all when they are equal.

    A factor or a constant on the scores changes nothing.
    """
    scores = candidates.scores
    spread = scores[0] - scores[-1]
    return (scores - scores[-1]) / spread if spread > 0 else np.ones(len(scores))


def _by_rank(candidates: Candidates) -> NDArray[np.float64]:
    """1 for the best, 1/N less for each place.

    Nothing that keeps the order changes it: logits, their sigmoids and scores with one far above
    the others are all the same.
    """
    return 1 - np.arange(len(candidates)) / len(candidates)


_SCALES: Mapping[str, Callable[[Candidates], NDArray[np.float64]]] = {
    "min_max": _by_distance,
    "rank": _by_rank,
}
