"""How sure a paired difference is: a cluster bootstrap by user, lower bounds, Holm's levels.

Legend: Q queries, U users, B resamples, M hypotheses.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

_DRAWS_A_CHUNK = 1 << 20
_POWER = 0.95
# `0.1 * 1000` and the like are meant to be whole, and `1 - 0.9` to be 0.1.
_RANK_ERROR = 1e-6
_LEVEL_ERROR = 1e-12


@dataclass(frozen=True)
class Resampled:
    """A mean over queries, and what it is in resamples of the users.

    Attributes:
        mean: over all queries.
        values: float64 [B], the means of the resamples, ascending.
        users: U, how many different users there are.
    """

    mean: float
    values: NDArray[np.float64]
    users: int


def resample(
    differences: Mapping[str, NDArray[np.float64]],
    users: NDArray[np.integer],
    samples: int,
    seed: int,
) -> dict[str, Resampled]:
    """Draw as many users as there are, with replacement and with all their queries, many times.

    The queries of one user are alike, so that drawing queries would promise too much. A resample's
    mean is that over its queries: sum of the drawn users' sums by the sum of their numbers of
    queries. Sources: Efron, "Bootstrap methods: another look at the jackknife", Annals of
    Statistics 7, 1979; Field and Welsh, "Bootstrapping clustered data", Journal of the Royal
    Statistical Society B 69, 2007.

    Args:
        differences: name -> float64 [Q], challenger minus champion; Q at least 1.
        users: integer [Q], the user of each query.
        samples: B, at least 1.
        seed: of the draws; all differences see the same ones.
    """
    _, rows = np.unique(users, return_inverse=True)
    sizes = np.bincount(rows).astype(np.float64)
    sums = [np.bincount(rows, values) for values in differences.values()]
    table = np.stack([*sums, sizes], axis=1)
    totals = np.concatenate([counts @ table for counts in _drawn(len(sizes), samples, seed)])
    means = np.sort(totals[:, :-1] / totals[:, -1:], axis=0)
    return {
        name: Resampled(float(values.mean()), means[:, column], len(sizes))
        for column, (name, values) in enumerate(differences.items())
    }


def lower_bound(drawn: Resampled, level: float) -> float:
    """The one-sided lower bound of the mean with confidence `1 - level`, by the percentiles.

    The `level * (B + 1)`-th smallest resample, rounded down; -inf where that is none. Source:
    Davison and Hinkley, "Bootstrap Methods and their Application", 1997, section 5.3.

    Args:
        drawn: the resamples.
        level: chance that the bound lies above the truth, between 0 and 1.
    """
    rank = _rank(drawn, level)
    return float(drawn.values[rank - 1]) if rank else -math.inf


def upper_bound(drawn: Resampled, level: float) -> float:
    """The one-sided upper bound, likewise; inf where there is none."""
    rank = _rank(drawn, level)
    return float(drawn.values[-rank]) if rank else math.inf


def p_value(drawn: Resampled) -> float:
    """How well the resamples agree with a true mean of at least 0: small where it is surely below.

    It is at most a level exactly where the upper bound at this level is below 0. Source: Davison
    and Hinkley, 1997, section 4.4: one is added to both counts, so that it is never 0.
    """
    at_least = len(drawn.values) - int(np.searchsorted(drawn.values, 0.0))
    return (1 + at_least) / (1 + len(drawn.values))


def samples_needed(samples: int, level: float) -> int:
    """`samples`, or as many resamples as a bound at the level needs."""
    return max(samples, math.ceil(1 / level - _RANK_ERROR))


def holm(p_values: NDArray[np.float64], level: float) -> NDArray[np.float64]:
    """The level at which each hypothesis is tested, so that any wrong rejection has chance `level`.

    The smallest p-value is compared with `level / M`, the next with `level / (M - 1)` and so on;
    where one is above its level the procedure stops, and those that are left have that level too.
    So a hypothesis is rejected exactly where its p-value is at most its level. Source: Holm,
    "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics
    6, 1979.

    Args:
        p_values: float64 [M].
        level: of all together, between 0 and 1.

    Returns:
        float64 [M].
    """
    order = np.argsort(p_values, kind="stable")
    steps = level / np.arange(len(order), 0, -1)
    kept = np.flatnonzero(p_values[order] > steps + _LEVEL_ERROR)
    if len(kept):
        steps[kept[0] :] = steps[kept[0]]
    levels = np.empty(len(order))
    levels[order] = steps
    return levels


def sure_distance(drawn: Resampled, level: float) -> float:
    """How far the true mean must lie from a limit for a bound to clear it 19 times of 20.

    `(z(1 - level) + z(0.95)) * s` with the standard deviation s of the resamples. Source: Julious,
    "Sample sizes for clinical trials with normal data", Statistics in Medicine 23, 2004.
    """
    normal = NormalDist()
    return (normal.inv_cdf(1 - level) + normal.inv_cdf(_POWER)) * float(drawn.values.std())


def users_needed(drawn: Resampled, level: float, margin: float) -> int:
    """Users with whom the lower bound of an equal challenger is above `-margin` 19 times of 20.

    Args:
        drawn: the resamples.
        level: of the bound, between 0 and 1.
        margin: how far the bound may lie below 0; above 0.
    """
    return math.ceil(drawn.users * (sure_distance(drawn, level) / margin) ** 2)


def _rank(drawn: Resampled, level: float) -> int:
    return int(level * (len(drawn.values) + 1) + _RANK_ERROR)


def _drawn(users: int, samples: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """How often each user is drawn in each resample: float64 [chunk, U], B rows in all."""
    random = np.random.default_rng(seed)
    most = max(1, _DRAWS_A_CHUNK // users)
    for start in range(0, samples, most):
        rows = min(most, samples - start)
        draws = random.integers(0, users, (rows, users)) + np.arange(rows)[:, None] * users
        counts = np.bincount(draws.ravel(), minlength=rows * users)
        yield counts.reshape(rows, users).astype(np.float64)
