"""Distances that chance alone exceeds with a given probability, from the numbers of rows.

Null hypothesis: n and m independent draws from one distribution over B values. With d_i the
difference of the shares of value i, d_i is near normal with variance p_i (1 - p_i) (1/n + 1/m).

- Jensen-Shannon: to second order the divergence is the sum of d_i^2 / p_i, over 8 ln 2 in bits. The
  sum is (1/n + 1/m) times a chi-squared variable with B - 1 degrees of freedom.
- L-infinity: the largest |d_i| exceeds t with a probability of at most the sum over i of
  2 Phi(-t / sigma_i); the threshold is the t at which that bound is the significance.
- Normalized difference: volumes count too, so the null is two Poisson counts with one mean. The
  difference of counts has the variance a_i + b_i, and the bound is the same.

Expected counts must not be small: see `merge_rare`.
"""

from typing import TypeAlias

import numpy as np

from trainers.retraining.drift.distances import paired
from trainers.retraining.drift.histograms import Categories, Floats

Rows: TypeAlias = tuple[float, float]
"""Independent draws of the reference and of the current window; see `alike` for what is not."""


def jensen_shannon_threshold(rows: Rows, values: int, significance: float) -> float:
    """The quantile of (1/n + 1/m) chi-squared with B - 1 degrees of freedom / (8 ln 2).

    Args:
        rows: n and m.
        values: B, values or buckets with any mass.
        significance: between 0 and 1.
    """
    from scipy.stats import chi2

    if values < 2:
        return 0.0
    return float(_inverse(rows) * chi2.isf(significance, values - 1) / (8 * np.log(2)))


def l_infinity_threshold(p: Categories, q: Categories, rows: Rows, significance: float) -> float:
    """The t at which the sum of 2 Phi(-t / sigma_i) is `significance`."""
    a, b = paired(p, q)
    share = (a + b) / (a + b).sum()
    return _union_bound(np.sqrt(share * (1 - share) * _inverse(rows)), significance)


def normalized_difference_threshold(
    p: Categories, q: Categories, rows: Rows, significance: float
) -> float:
    """The same for counts over the total of both; `rows` may be fewer than the values."""
    a, b = paired(p, q)
    per_row = (a + b).sum() / sum(rows)
    return _union_bound(np.sqrt((a + b) * per_row) / (a + b).sum(), significance)


def _inverse(rows: Rows) -> float:
    return 1 / rows[0] + 1 / rows[1]


def _union_bound(deviations: Floats, significance: float) -> float:
    """The t with sum of 2 Phi(-t / deviation) = significance; 0 where nothing can deviate."""
    from scipy.optimize import brentq
    from scipy.stats import norm

    moving = deviations[deviations > 0]
    if not len(moving):
        return 0.0
    highest = moving.max() * norm.isf(significance / (2 * len(moving)))
    return float(
        brentq(lambda t: float(np.sum(2 * norm.sf(t / moving))) - significance, 0, 1.01 * highest)
    )
