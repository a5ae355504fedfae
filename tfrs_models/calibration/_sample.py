"""The examples that a calibration learns from, checked."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from configs.errors import DataError
from tfrs_models.metrics.examples import column, positive_weights, same_length, within_unit

_WAY_OUT = "Calibrate on more examples, or set `ranking.calibration.type: none`."


@dataclass(frozen=True)
class Sample:
    """Examples that say something about probabilities.

    Attributes:
        logits: float64 [N], finite, rounded to float32 as the graph sees them.
        labels: float64 [N], from 0 to 1, neither all 0 nor all 1.
        weights: float64 [N], above 0.
    """

    logits: NDArray[np.float64]
    labels: NDArray[np.float64]
    weights: NDArray[np.float64]

    @classmethod
    def check(
        cls,
        logits: NDArray[np.floating],
        labels: NDArray[np.floating],
        weights: NDArray[np.floating],
    ) -> Self:
        """Check examples, floating [N] each, and leave out those of weight 0.

        Raises:
            DataError: names the array, the rule and the value.
        """
        with np.errstate(over="ignore"):  # what overflows is infinite, and refused
            logits = column("logits", np.asarray(logits, np.float32))
        labels, weights = column("labels", labels), column("weights", weights)
        same_length({"logits": logits, "labels": labels, "weights": weights})
        within_unit(
            "labels", labels, "Say which are positive, or set `ranking.calibration.type: none`."
        )
        positive_weights(weights)
        kept = weights > 0
        sample = cls(logits[kept], labels[kept], weights[kept])
        sample._check_classes()
        return sample

    @property
    def positives(self) -> float:
        """Total weight of the positive examples, and of the positive shares of the others."""
        return float(self.weights @ self.labels)

    @property
    def negatives(self) -> float:
        """Total weight of the negative examples."""
        return float(self.weights @ (1 - self.labels))

    def _check_classes(self) -> None:
        if len(self.labels) < 2:
            raise DataError(
                f"a calibration needs 2 examples or more, received {len(self.labels)}. {_WAY_OUT}"
            )
        if self.positives == 0 or self.negatives == 0:
            raise DataError(
                f"`labels` must hold both classes, received {len(self.labels)} that are all "
                f"{self.labels[0]:g}. {_WAY_OUT}"
            )
