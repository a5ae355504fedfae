"""New items rise: their relevance grows by what halves with each half life of their age."""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tfrs_models.reranking.candidates import Candidates
from tfrs_models.reranking.catalogue import FIRST_EVENT
from tfrs_models.reranking.needs import Needs
from tfrs_models.reranking.orders import by_value
from tfrs_models.reranking.relevance import RelevanceOptions, relevance


class Options(RelevanceOptions):
    """How much, and for how long."""

    weight: Annotated[float, Field(ge=0)] = 0.1
    """Relevance that an item of age 0 gains; the best candidate has 1, the worst 0."""
    half_life_days: Annotated[float, Field(gt=0)] = 7.0
    """Age at which half of it is left."""
    column: str = FIRST_EVENT
    """Column with the time from which the age counts; at first the item's first event."""
    missing_age_days: Annotated[float, Field(ge=0)] | None = None
    """Age of items without a time; they gain nothing when missing."""


def needs(options: Options) -> Needs:
    """The time."""
    return Needs(times=frozenset({options.column}))


def rerank(options: Options, candidates: Candidates, k: int) -> NDArray[np.int64]:
    """The largest `relevance + weight 2^(-age / half life)` first."""
    missing = np.inf if options.missing_age_days is None else options.missing_age_days
    ages = np.nan_to_num(candidates.ages[options.column], nan=missing)
    boost = options.weight * np.exp2(-ages / options.half_life_days)
    return by_value(relevance(options, candidates) + boost)
