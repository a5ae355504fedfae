"""No calibration: the sigmoid of the logit, which a ranker trained on log loss predicts."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from configs.section import Section
from tfrs_models.backend import tf


class Options(Section):
    """No settings."""


def fit(
    options: Options,  # noqa: ARG001
    logits: NDArray[np.floating],  # noqa: ARG001
    labels: NDArray[np.floating],  # noqa: ARG001
    weights: NDArray[np.floating],  # noqa: ARG001
) -> dict[str, Any]:
    """Nothing is learned, and nothing is asked of the examples."""
    return {}


def apply(state: Mapping[str, Any], logits: Any) -> Any:  # noqa: ARG001
    """`p = sigmoid(logit)`."""
    return tf.math.sigmoid(logits)
