"""The list holds the values of a column in the shares that the user's history has them.

Source: Steck, "Calibrated recommendations", RecSys 2018.
"""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tfrs_models.reranking.candidates import Candidates
from tfrs_models.reranking.column import Column
from tfrs_models.reranking.needs import Needs
from tfrs_models.reranking.orders import then_the_rest
from tfrs_models.reranking.relevance import RelevanceOptions, relevance


class Options(RelevanceOptions):
    """What is calibrated, and how much."""

    column: str
    """Column whose values are counted; an item with several counts for each of them in part."""
    relevance: Annotated[float, Field(ge=0, le=1)] = 0.8
    """1 - lambda: 1 keeps the order, 0 looks at the shares alone."""
    alpha: Annotated[float, Field(gt=0, lt=1)] = 0.01
    """Share of the history's distribution mixed into the list's, so that no value has share 0."""


def needs(options: Options) -> Needs:
    """The column."""
    return Needs(columns=frozenset({options.column}))


def rerank(options: Options, candidates: Candidates, k: int) -> NDArray[np.int64]:
    """Greedily the largest `(1 - lambda) sum of relevance - lambda KL(history, list)`.

    Without a history, or where nothing is known of its items, the order stays.
    """
    values, wanted = distribution(candidates.history[options.column])
    if not len(values):
        return np.arange(len(candidates))
    column = candidates.columns[options.column]
    own, counted = shares(column, values), (column.lengths > 0).astype(np.int64)
    gains = options.relevance * relevance(options, candidates)
    total, size = np.zeros(len(values)), 0
    chosen: list[int] = []
    for _ in range(min(k, len(candidates))):
        listed = (total + own) / np.maximum(size + counted, 1)[:, None]
        losses = (1 - options.relevance) * divergence(wanted, listed, options.alpha)
        best = int(np.argmax(gains - losses))
        total, size = total + own[best], size + int(counted[best])
        gains[best] = -np.inf
        chosen.append(best)
    return then_the_rest(chosen, len(candidates))


def distribution(history: Column) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """The values of a history, ascending codes [G], and their shares, float64 [G].

    Each item that has values counts 1, divided equally among them.
    """
    values = np.unique(history.codes)
    total = shares(history, values).sum(axis=0)
    return values, total / max(np.count_nonzero(history.lengths), 1)


def shares(column: Column, values: NDArray[np.int32]) -> NDArray[np.float64]:
    """What part of each item each value is: float64 [N, G]; other values take their part too."""
    places = np.searchsorted(values, column.codes)
    known = values[np.minimum(places, len(values) - 1)] == column.codes
    parts = np.zeros((len(column), len(values)))
    owners = column.owners[known]
    parts[owners, places[known]] = 1 / column.lengths[owners]
    return parts


def divergence(
    wanted: NDArray[np.float64], listed: NDArray[np.float64], alpha: float
) -> NDArray[np.float64]:
    """Kullback-Leibler divergence in nats, `sum of p log(p / ((1 - alpha) q + alpha p))`.

    Args:
        wanted: float64 [..., G], p, all above 0.
        listed: float64 [..., G], q.
        alpha: share of p mixed into q.

    Returns:
        float64 [...]; 0 where both are the same.
    """
    smoothed = (1 - alpha) * listed + alpha * wanted
    entropy: NDArray[np.float64] = np.vecdot(wanted, np.log(wanted) - np.log(smoothed))
    return entropy
