"""What a source of negatives is given, and what it gives.

Legend: N item rows, T targets, C draws.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from configs.errors import DataError
from tfrs_models.backend import tf


@dataclass(frozen=True)
class Popularity:
    """How often each item was taken.

    Attributes:
        counts: int64 [N], positive training events of each item row; rows 0 and 1 are no items.
        num_users: rows of users.

    Raises:
        DataError: no item was taken, so there is nothing to draw.
    """

    counts: NDArray[np.int64]
    num_users: int

    def __post_init__(self) -> None:
        if not self.counts.any():
            raise DataError(
                "no item of the vocabulary has a positive training event, so there are no "
                "negatives to draw: lower `data.min_item_events`"
            )

    @property
    def trained(self) -> NDArray[np.int32]:
        """Rows of the items with training events, ascending."""
        return np.flatnonzero(self.counts).astype(np.int32)

    @property
    def share(self) -> NDArray[np.float64]:
        """Share of the training events of each item row: float64 [N]."""
        share: NDArray[np.float64] = self.counts / self.counts.sum()
        return share


class Moment(NamedTuple):
    """One step of the training.

    Attributes:
        seed: int32 [2], stateless; the source may use it and the five after it.
        targets: int32 [T], rows of the step's targets.
        earlier: rows of the items of the step that lies so many steps back; 0 is no item.
        users: int32 [B], rows of the users of the step.
    """

    seed: Any
    targets: Any
    earlier: Callable[[int], Any]
    users: Any


class Draws(NamedTuple):
    """Drawn items.

    Attributes:
        rows: int32 [C], item rows, repeats allowed; 0 is no draw.
        log_expected: float32 [C], log of how often each item is expected among the draws.
        of_targets: float32 [T], the same of the step's targets.
    """

    rows: Any
    log_expected: Any
    of_targets: Any


Draw = Callable[[Moment], Draws]
Search = Callable[[int], NDArray[np.int32]]
"""k -> the k items that the present model ranks highest for each user row: int32 [users, k]."""


@dataclass(frozen=True)
class Sampler:
    """A source, ready to draw inside the compiled loop.

    Attributes:
        draw: the negatives of one step.
        variables: state that changes with the steps, for checkpoints.
        refresh: is called after each evaluation, by sources that follow the model.
    """

    draw: Draw
    variables: Sequence[Any] = ()
    refresh: Callable[[Search], None] | None = None


def log_table(expected: NDArray[np.float64]) -> Any:
    """Logarithms as a float32 constant; what is never drawn gets 0 and is never read."""
    return tf.constant(np.log(np.where(expected > 0, expected, 1.0)), tf.float32)
