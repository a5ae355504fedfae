"""What a pointwise metric reads: predictions, labels and weights, checked."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from configs.errors import DataError


@dataclass(frozen=True)
class Examples:
    """N checked examples.

    Attributes:
        predictions: float64 [N], finite.
        labels: float64 [N], finite.
        weights: float64 [N], finite, none below 0, at least one above.
    """

    predictions: NDArray[np.float64]
    labels: NDArray[np.float64]
    weights: NDArray[np.float64]

    @classmethod
    def check(
        cls,
        predictions: NDArray[np.floating],
        labels: NDArray[np.floating],
        weights: NDArray[np.floating] | None = None,
    ) -> Self:
        """Examples of any values.

        Args:
            predictions: floating [N].
            labels: floating [N].
            weights: floating [N]; None weighs every example 1.

        Raises:
            DataError: names the array, the rule and the value.
        """
        predictions = column("predictions", predictions)
        labels = column("labels", labels)
        weights = np.ones(len(labels)) if weights is None else column("weights", weights)
        same_length({"predictions": predictions, "labels": labels, "weights": weights})
        positive_weights(weights)
        return cls(predictions, labels, weights)

    @classmethod
    def check_probabilities(
        cls,
        predictions: NDArray[np.floating],
        labels: NDArray[np.floating],
        weights: NDArray[np.floating] | None = None,
    ) -> Self:
        """The same, with predictions and labels from 0 to 1."""
        examples = cls.check(predictions, labels, weights)
        advice = "Apply a sigmoid to logits first."
        within_unit("predictions", examples.predictions, advice)
        within_unit("labels", examples.labels, "Divide by the greatest label, or use `rmse`.")
        return examples

    def mean(self, values: NDArray[np.float64]) -> float:
        """Weighted mean of values, float64 [N]."""
        return float(np.average(values, weights=self.weights))


def column(name: str, values: NDArray[np.floating]) -> NDArray[np.float64]:
    """A vector as float64 [N]; DataError unless it has one axis and is finite."""
    array = np.asarray(values, np.float64)
    if array.ndim != 1:
        raise DataError(f"`{name}` must have one axis, received the shape {array.shape}: ravel it.")
    advice = "Look for a diverged training or a division by zero."
    demand(name, array, np.isfinite(array), "be finite", advice)
    return array


def within_unit(name: str, values: NDArray[np.float64], advice: str) -> None:
    """DataError unless all values lie from 0 to 1."""
    demand(name, values, (values >= 0) & (values <= 1), "lie from 0 to 1", advice)


def positive_weights(weights: NDArray[np.float64]) -> None:
    """DataError unless no weight is below 0 and one is above."""
    demand("weights", weights, weights >= 0, "be 0 or more", "Leave out the examples below.")
    if not weights.any():
        raise DataError(
            f"`weights` must hold one above 0, received {len(weights)} without: measure where "
            "there are examples."
        )


def same_length(arrays: dict[str, NDArray[np.float64]]) -> None:
    """DataError unless all arrays have one length."""
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{length} `{name}`" for name, length in lengths.items())
        raise DataError(f"there must be one value an example, received {told}.")


def demand(
    name: str, values: NDArray[np.float64], holds: NDArray[np.bool_], rule: str, advice: str
) -> None:
    """DataError that names the first value [N] for which `holds`, bool [N], is false."""
    if not holds.all():
        row = int(np.argmin(holds))
        raise DataError(f"`{name}` must {rule}, received {values[row]:g} in row {row}. {advice}")
