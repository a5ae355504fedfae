"""Scores of several steps put together, and compared query by query.

Legend: Q queries.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from tfrs_models.evaluation.intervals import Bootstrap, Interval
from trainers.retraining.backtest.scores import Scores
from trainers.retraining.gate.statistics import (
    lower_bound,
    resample,
    samples_needed,
    upper_bound,
)
from trainers.retraining.gate.window import require_one_window

Values = Mapping[str, NDArray[np.float64]]
"""One value a query: name -> float64 [Q]."""

_TAIL = 0.025
"""Chance that the truth lies beyond one of the two bounds."""


def joined(scores: Sequence[Scores]) -> Values:
    """The metrics of all queries of all scores."""
    names = scores[0].metrics
    return {name: np.concatenate([one.metrics[name] for one in scores]) for name in names}


def user_numbers(scores: Sequence[Scores]) -> NDArray[np.int64]:
    """A number for each user, the same in all steps: int64 [Q]."""
    ids = np.concatenate([one.users for one in scores])
    return np.unique(ids.astype(str), return_inverse=True)[1].astype(np.int64)


def means(values: Values) -> dict[str, float]:
    """Means over the queries; none without queries."""
    return {name: float(one.mean()) for name, one in values.items() if len(one)}


def paired(
    scores: Sequence[Scores], others: Sequence[Scores], bootstrap: Bootstrap
) -> dict[str, Interval]:
    """Differences `scores - others` of the same queries, by metric, with 95% bounds.

    Users are resampled with all their queries of all steps, see `gate.statistics.resample`.

    Args:
        scores: of one model after the other.
        others: of what each is compared with, in the same step.
        bootstrap: how to resample; without samples there are no bounds.

    Raises:
        DataError: two that are compared have other users, or not the same metrics.
    """
    for one, other in zip(scores, others, strict=True):
        require_one_window({"model": one, "other": other}, scores[0].metrics)
    values, theirs, users = joined(scores), joined(others), user_numbers(scores)
    differences = {name: one - theirs[name] for name, one in values.items()}
    if not len(users):
        return {}
    if not bootstrap.samples:
        return {name: Interval(mean) for name, mean in means(differences).items()}
    samples = samples_needed(bootstrap.samples, _TAIL)
    drawn = resample(differences, users, samples, bootstrap.seed)
    return {
        name: Interval(one.mean, lower_bound(one, _TAIL), upper_bound(one, _TAIL))
        for name, one in drawn.items()
    }
