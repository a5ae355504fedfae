"""How long bundles take to answer the same requests."""

import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from tfrs_models.evaluation.queries import Queries
from trainers.retraining.ask import OpenBundle

REQUESTS = 100
_FEWEST, _MOST = 4, 20
"""Rounds."""

Answer = Callable[[int], object]
"""Answers the request of a place."""


def answer_times(bundles: Sequence[OpenBundle], queries: Queries, enough: float) -> list[float]:
    """99th percentile of the times of requests of one query, milliseconds, of each bundle.

    Args:
        bundles: what is asked.
        queries: of which the first are asked.
        enough: see `quietest`.
    """
    number = min(REQUESTS, len(queries))
    answers = [_answer(bundle, queries, number) for bundle in bundles]
    return [seconds * 1e3 for seconds in quietest(answers, number, enough)]


def _answer(bundle: OpenBundle, queries: Queries, number: int) -> Answer:
    """Answers one of the first queries; its inputs are made before."""
    asked = [bundle.raw.inputs(queries.take(np.array([row]))) for row in range(number)]
    return lambda place: bundle.model(asked[place])


def quietest(
    answers: Sequence[Answer],
    number: int,
    enough: float,
    clock: Callable[[], float] = time.perf_counter,
) -> list[float]:
    """99th percentile of the seconds that each takes, of every request its quietest round.

    Other work of the machine only makes a time longer. So all answer each request in turn, the
    shortest time of a request counts, and there are more rounds as long as the first seems slower
    than it may be.

    Args:
        answers: what is timed.
        number: of requests.
        enough: there are no more rounds once the first takes at most this times the last.
        clock: seconds since some moment.
    """
    best = np.full((len(answers), number), np.inf)
    for done in range(1, _MOST + 1):
        best = np.minimum(best, _round(answers, number, clock))
        slow = np.percentile(best, 99, axis=1)
        if done >= _FEWEST and slow[0] <= enough * slow[-1]:
            break
    return [float(one) for one in slow]


def _round(
    answers: Sequence[Answer], number: int, clock: Callable[[], float]
) -> NDArray[np.float64]:
    """Seconds of each answer, [answers, requests]."""
    seconds = np.empty((len(answers), number))
    for place in range(number):
        for row, answer in enumerate(answers):
            start = clock()
            answer(place)
            seconds[row, place] = clock() - start
    return seconds
