"""Unpopular items rise: fewer have seen them without us."""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tfrs_models.reranking.candidates import Candidates
from tfrs_models.reranking.needs import Needs
from tfrs_models.reranking.orders import by_value
from tfrs_models.reranking.relevance import RelevanceOptions, relevance


class Options(RelevanceOptions):
    """How much."""

    weight: Annotated[float, Field(ge=0)] = 0.1
    """Relevance that an item without events gains; the most popular candidate gains none."""


def needs(options: Options) -> Needs:
    """The popularity."""
    return Needs(popularity=True)


def rerank(options: Options, candidates: Candidates, k: int) -> NDArray[np.int64]:
    """The largest `relevance + weight (1 - log(1 + n) / log(1 + largest n))` first, n events."""
    assert candidates.popularity is not None  # `needs` asks for it  # noqa: S101
    events = np.log1p(candidates.popularity)
    boost = 1 - events / max(events.max(), np.finfo(np.float64).tiny)
    return by_value(relevance(options, candidates) + options.weight * boost)
