"""Whether predicted probabilities are frequencies: reliability, ECE, expected over observed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfrs_models.metrics.examples import Examples

_Z95 = 1.959963984540054


@dataclass(frozen=True)
class Reliability:
    """A reliability diagram: B bins of nearly equal weight, in ascending order of prediction.

    The interval is Wilson's for the rate of labels that are 0 or 1 (Wilson, "Probable inference,
    the law of succession, and statistical inference", JASA 22, 1927). It is meant for examples
    that all weigh the same. With other weights it takes Kish's effective number of examples,
    `(sum of w)^2 / sum of w^2`, and is a rough guide.

    Attributes:
        prediction: float64 [B], weighted mean prediction.
        label: float64 [B], weighted mean label.
        weight: float64 [B], total weight.
        low: float64 [B], lower end of the 95% interval of the mean label.
        high: float64 [B], upper end.
    """

    prediction: NDArray[np.float64]
    label: NDArray[np.float64]
    weight: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def reliability(
    predictions: NDArray[np.floating],
    labels: NDArray[np.floating],
    weights: NDArray[np.floating] | None = None,
    bins: int = 20,
) -> Reliability:
    """Compare mean predictions with mean labels.

    Equal predictions share a bin, so that the order of the examples does not matter. Where they
    are many, bins differ in weight and there are fewer.

    Args:
        predictions: floating [N], probabilities.
        labels: floating [N], from 0 to 1.
        weights: floating [N]; None weighs every example 1.
        bins: the most there can be.

    Raises:
        DataError: names the array, the rule and the value.
    """
    examples = Examples.check_probabilities(predictions, labels, weights)
    order = np.argsort(examples.predictions)
    order = order[examples.weights[order] > 0]
    ordered, weight = examples.predictions[order], examples.weights[order]
    starts = _starts(ordered, weight, bins)
    total = np.add.reduceat(weight, starts)
    label = np.add.reduceat(weight * examples.labels[order], starts) / total
    low, high = _wilson(label, total**2 / np.add.reduceat(weight**2, starts))
    return Reliability(np.add.reduceat(weight * ordered, starts) / total, label, total, low, high)


def ece(
    predictions: NDArray[np.floating],
    labels: NDArray[np.floating],
    weights: NDArray[np.floating] | None = None,
    bins: int = 20,
) -> float:
    """Expected calibration error: weighted mean over the bins of |mean prediction - mean label|.

    Noise alone gives about 0.8 `sqrt(p (1 - p) bins / N)`. Source: Naeini et al., "Obtaining well
    calibrated probabilities using Bayesian binning", AAAI 2015, here with bins of equal weight.
    Arguments and errors as `reliability`.
    """
    found = reliability(predictions, labels, weights, bins)
    return float(np.average(np.abs(found.prediction - found.label), weights=found.weight))


def expected_over_observed(
    predictions: NDArray[np.floating],
    labels: NDArray[np.floating],
    weights: NDArray[np.floating] | None = None,
) -> float:
    """Predicted positives over observed ones; above 1 the predictions are too high.

    NaN when all labels are 0. Arguments and errors as `reliability`.
    """
    examples = Examples.check_probabilities(predictions, labels, weights)
    observed = examples.mean(examples.labels)
    return examples.mean(examples.predictions) / observed if observed else float("nan")


def _starts(
    ordered: NDArray[np.float64], weight: NDArray[np.float64], bins: int
) -> NDArray[np.intp]:
    """First example of each bin: a value goes where the middle of its weight lies."""
    ties = np.flatnonzero(np.diff(ordered, prepend=-1.0))
    sums = np.add.reduceat(weight, ties)
    middles = np.cumsum(sums) - sums / 2
    places = np.floor(middles / sums.sum() * bins)
    return ties[np.flatnonzero(np.diff(places, prepend=-1.0))]


def _wilson(
    share: NDArray[np.float64], number: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The 95% interval of shares [B] of numbers [B] of examples."""
    centre = share + _Z95**2 / (2 * number)
    half = _Z95 * np.sqrt(share * (1 - share) / number + (_Z95 / (2 * number)) ** 2)
    scale = 1 + _Z95**2 / number
    return np.maximum((centre - half) / scale, 0.0), np.minimum((centre + half) / scale, 1.0)
