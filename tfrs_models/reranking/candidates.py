"""What a method sees of one request."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from configs.errors import DataError
from tfrs_models.reranking.column import Column


@dataclass(frozen=True)
class Candidates:
    """The N candidates of one request, best first.

    Only what the steps of the chain need is there.

    Attributes:
        items: int64 [N], positions in the catalogue.
        scores: float64 [N], falling, of any scale.
        columns: categorical columns by name, N items each.
        vectors: [N, D], of any length; a row of zeros says nothing.
        popularity: float64 [N], events of each, at least 0.
        ages: by the name of the time column, float64 [N], days at the time of the request, at
            least 0; NaN where it is not known.
        history: the same columns of the items of the user's history, oldest first.
    """

    items: NDArray[np.int64]
    scores: NDArray[np.float64]
    columns: Mapping[str, Column] = field(default_factory=dict)
    vectors: NDArray[np.floating] | None = None
    popularity: NDArray[np.float64] | None = None
    ages: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    history: Mapping[str, Column] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.items)

    def reordered(self, order: NDArray[np.int64]) -> "Candidates":
        """The candidates as a later step sees them: the best place gets the best score.

        After a step has changed the order, an item's own score would contradict its place.
        """
        return replace(
            self,
            items=self.items[order],
            scores=-np.sort(-self.scores[order]),
            columns={name: column.take(order) for name, column in self.columns.items()},
            vectors=None if self.vectors is None else self.vectors[order],
            popularity=None if self.popularity is None else self.popularity[order],
            ages={name: ages[order] for name, ages in self.ages.items()},
        )


def check_scores(scores: NDArray[np.float64]) -> None:
    """Refuse scores that are not finite, or not best first.

    Raises:
        DataError: names the place and the value.
    """
    bad = np.flatnonzero(~np.isfinite(scores))
    if bad.size:
        raise DataError(
            f"`scores` of re-ranking must be finite, received {scores[bad[0]]} at place "
            f"{bad[0] + 1}: look for a diverged model or a division by zero."
        )
    rising = np.flatnonzero(scores[1:] > scores[:-1])
    if rising.size:
        place = rising[0]
        raise DataError(
            f"`scores` of re-ranking must fall, received {scores[place]} and then "
            f"{scores[place + 1]} at place {place + 2}: sort the candidates, best first."
        )
