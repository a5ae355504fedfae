"""How far predictions are from labels, one example at a time."""

import numpy as np
from numpy.typing import NDArray

from tfrs_models.metrics.examples import Examples


def log_loss(
    predictions: NDArray[np.floating],
    labels: NDArray[np.floating],
    weights: NDArray[np.floating] | None = None,
) -> float:
    """Weighted mean of `-y log p - (1 - y) log(1 - p)`, in nats.

    A prediction of 0 or 1 counts as one machine epsilon of its dtype away from it, so that a
    rounded prediction does not make the mean infinite.

    Args:
        predictions: floating [N], probabilities.
        labels: floating [N], from 0 to 1.
        weights: floating [N]; None weighs every example 1.

    Raises:
        DataError: names the array, the rule and the value.
    """
    examples = Examples.check_probabilities(predictions, labels, weights)
    epsilon = np.finfo(np.result_type(predictions, np.float32)).eps
    p = np.clip(examples.predictions, epsilon, 1 - epsilon)
    return -examples.mean(examples.labels * np.log(p) + (1 - examples.labels) * np.log1p(-p))


def normalized_entropy(
    predictions: NDArray[np.floating],
    labels: NDArray[np.floating],
    weights: NDArray[np.floating] | None = None,
) -> float:
    """Log loss over that of always predicting the mean label: 1 is no better than the mean.

    NaN when all labels are 0 or all are 1. Source: He et al., "Practical lessons from predicting
    clicks on ads at Facebook", ADKDD 2014. Arguments and errors as `log_loss`.
    """
    loss = log_loss(predictions, labels, weights)
    examples = Examples.check(predictions, labels, weights)
    rate = examples.mean(examples.labels)
    if rate in (0, 1):
        return float("nan")
    return loss / float(-rate * np.log(rate) - (1 - rate) * np.log1p(-rate))


def rmse(
    predictions: NDArray[np.floating],
    labels: NDArray[np.floating],
    weights: NDArray[np.floating] | None = None,
) -> float:
    """Root of the weighted mean squared error, in the unit of the labels.

    Of probabilities it is the root of the Brier score.

    Args:
        predictions: floating [N].
        labels: floating [N].
        weights: floating [N]; None weighs every example 1.

    Raises:
        DataError: names the array, the rule and the value.
    """
    examples = Examples.check(predictions, labels, weights)
    return float(np.sqrt(examples.mean((examples.predictions - examples.labels) ** 2)))


def mae(
    predictions: NDArray[np.floating],
    labels: NDArray[np.floating],
    weights: NDArray[np.floating] | None = None,
) -> float:
    """Weighted mean absolute error, in the unit of the labels. Arguments and errors as `rmse`."""
    examples = Examples.check(predictions, labels, weights)
    return examples.mean(np.abs(examples.predictions - examples.labels))
