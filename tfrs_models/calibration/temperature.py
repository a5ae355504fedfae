"""Temperature scaling: one number that makes all predictions bolder or meeker.

Source: Guo et al., "On calibration of modern neural networks", ICML 2017.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from configs.section import Section
from tfrs_models.backend import tf
from tfrs_models.calibration._sample import Sample

_LOWEST, _HIGHEST = 1e-3, 1e3


class Options(Section):
    """No settings."""


def fit(
    options: Options,  # noqa: ARG001
    logits: NDArray[np.floating],
    labels: NDArray[np.floating],
    weights: NDArray[np.floating],
) -> dict[str, Any]:
    """The temperature of the least weighted log loss, from 0.001 to 1000.

    A prediction of one half stays where it is, so a wrong base rate remains: `platt` mends that.
    """
    from scipy.optimize import brentq
    from scipy.special import expit

    sample = Sample.check(logits, labels, weights)

    def rise(log_temperature: float) -> float:
        """How the loss rises with 1 / T; it falls as T grows, for the loss is convex in 1 / T."""
        probabilities = expit(sample.logits * np.exp(-log_temperature))
        return float((sample.weights * sample.logits) @ (probabilities - sample.labels))

    low, high = np.log(_LOWEST), np.log(_HIGHEST)
    if rise(low) <= 0:
        return {"temperature": _LOWEST}
    if rise(high) >= 0:
        return {"temperature": _HIGHEST}
    return {"temperature": float(np.exp(brentq(rise, low, high, xtol=1e-12)))}


def apply(state: Mapping[str, Any], logits: Any) -> Any:
    """`p = sigmoid(logit / T)`."""
    return tf.math.sigmoid(logits / state["temperature"])
