"""Isotonic regression: any rising curve, for many examples.

Source: Zadrozny and Elkan, "Transforming classifier scores into accurate multiclass probability
estimates", KDD 2002.
"""

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from configs.section import Section
from tfrs_models.backend import tf
from tfrs_models.calibration._sample import Sample

_LEAST = 1e-6


class Options(Section):
    """How fine the curve is."""

    max_knots: Annotated[int, Field(ge=4)] = 500
    """Knots of the curve at most, two for a flat stretch; beyond, neighbouring stretches join."""


def fit(
    options: Options,
    logits: NDArray[np.floating],
    labels: NDArray[np.floating],
    weights: NDArray[np.floating],
) -> dict[str, Any]:
    """The rising step curve of the least weighted squared error, by pool adjacent violators.

    Within a flat stretch, and beyond the first and the last logit, different logits become equal
    probabilities: break such ties by the logit. Between stretches the curve is a rising line, so
    the order stays.

    Probabilities keep `1 / (total weight + 2)` away from 0 and 1, and at least 1e-6: less than
    that the examples cannot tell, and the log loss stays finite in float32.
    """
    from scipy.optimize import isotonic_regression

    sample = Sample.check(logits, labels, weights)
    distinct, rates, sums = _distinct(sample)
    blocks = isotonic_regression(rates, weights=sums).blocks[:-1]
    stretches = min(len(blocks), options.max_knots // 2)
    starts = blocks[np.arange(stretches) * len(blocks) // stretches]
    means = np.add.reduceat(sums * rates, starts) / np.add.reduceat(sums, starts)
    least = max(_LEAST, 1 / (sums.sum() + 2))
    heights = np.clip(np.maximum.accumulate(means), least, 1 - least)
    ends = np.append(starts[1:], len(distinct)) - 1
    knots = np.stack([distinct[starts], distinct[ends]], axis=1).ravel()
    kept = np.diff(knots, prepend=-np.inf) > 0  # a stretch of one logit has one knot
    return {"logits": knots[kept].tolist(), "probabilities": np.repeat(heights, 2)[kept].tolist()}


def apply(state: Mapping[str, Any], logits: Any) -> Any:
    """Linear interpolation between the knots; constant beyond the first and the last."""
    knots = tf.constant(state["logits"], tf.float32)
    heights = tf.constant(state["probabilities"], tf.float32)
    place = tf.reshape(
        tf.searchsorted(knots, tf.reshape(logits, [-1]), side="right"), tf.shape(logits)
    )
    left = tf.maximum(place - 1, 0)
    right = tf.minimum(place, len(state["logits"]) - 1)
    start, low, high = tf.gather(knots, left), tf.gather(heights, left), tf.gather(heights, right)
    # Beyond the ends both knots are one, and the share is 0.
    share = tf.math.divide_no_nan(logits - start, tf.gather(knots, right) - start)
    return tf.minimum(low + share * (high - low), high)  # rounding must not rise above the knot


def _distinct(
    sample: Sample,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Each distinct logit, ascending, with its mean label and total weight: float64 [M] each."""
    order = np.argsort(sample.logits, kind="stable")
    logits, weights = sample.logits[order], sample.weights[order]
    starts = np.flatnonzero(np.diff(logits, prepend=-np.inf))
    sums = np.add.reduceat(weights, starts)
    rates = np.add.reduceat(weights * sample.labels[order], starts) / sums
    return logits[starts], rates, sums
