"""Platt scaling: a slope and an offset of the logit.

Sources: Platt, "Probabilistic outputs for support vector machines", in Advances in Large Margin
Classifiers, 2000; Lin, Lin and Weng, "A note on Platt's probabilistic outputs for support vector
machines", Machine Learning 68, 2007.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from configs.section import Section
from tfrs_models.backend import tf
from tfrs_models.calibration._sample import Sample

_MAX_STEPS = 100
_PRECISION = 1e-10
_ROUNDING = 1e-12


class Options(Section):
    """No settings."""


def fit(
    options: Options,  # noqa: ARG001
    logits: NDArray[np.floating],
    labels: NDArray[np.floating],
    weights: NDArray[np.floating],
) -> dict[str, Any]:
    """Slope and offset of the least weighted log loss.

    The labels are smoothed as Platt does, to `(N+ + 1) / (N+ + 2)` and `1 / (N- + 2)` with the
    total weights N+ and N- of the classes, so that separable examples have a finite slope. The
    slope is not below 0: logits that are wrong way round, or all the same, become the mean label.
    """
    sample = Sample.check(logits, labels, weights)
    high, low = (sample.positives + 1) / (sample.positives + 2), 1 / (sample.negatives + 2)
    targets = sample.labels * high + (1 - sample.labels) * low
    shares = sample.weights / sample.weights.sum()
    mean, deviation = sample.logits.mean(), sample.logits.std() or 1.0
    slope, offset = _newton((sample.logits - mean) / deviation, targets, shares)
    if slope < 0:  # the loss is convex: its least value without a negative slope lies at slope 0
        slope, offset = 0.0, _log_odds(float(shares @ targets))
    return {"slope": float(slope / deviation), "offset": float(offset - slope * mean / deviation)}


def apply(state: Mapping[str, Any], logits: Any) -> Any:
    """`p = sigmoid(slope * logit + offset)`."""
    return tf.math.sigmoid(state["slope"] * logits + state["offset"])


def _newton(
    logits: NDArray[np.float64], targets: NDArray[np.float64], shares: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Slope and offset, float64 [2], from the slope 0 by Newton steps, halved where they overshoot.

    Args:
        logits: float64 [N], of mean 0 and deviation 1.
        targets: float64 [N], between 0 and 1.
        shares: float64 [N], weights of sum 1.
    """
    from scipy.special import expit

    design = np.stack([logits, np.ones_like(logits)], axis=1)

    def loss(theta: NDArray[np.float64]) -> float:
        scores = design @ theta
        return float(shares @ (np.logaddexp(0, scores) - targets * scores))

    theta = np.array([0.0, _log_odds(float(shares @ targets))])
    for _ in range(_MAX_STEPS):
        p = expit(design @ theta)
        gradient = design.T @ (shares * (p - targets))
        curvature = (design.T * (shares * p * (1 - p))) @ design
        # Equal logits have no curvature along the slope, nor a gradient: the ridge leaves it at 0.
        step = np.linalg.solve(curvature + _ROUNDING * np.eye(2), gradient)
        while loss(theta - step) > loss(theta) + _ROUNDING:
            step /= 2
        theta = theta - step
        if np.abs(step).max() < _PRECISION:
            break
    return theta


def _log_odds(probability: float) -> float:
    return math.log(probability) - math.log1p(-probability)
