"""The positive training events, as the retrieval stage learns from them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from configs.errors import DataError
from tfrs_models.data.dataset import PreparedDataset
from tfrs_models.data.times import DAY
from tfrs_models.features.tables import MICROSECONDS_A_SECOND


@dataclass(frozen=True)
class Positives:
    """The positive training events, sorted by (user, time): P of them, of U users.

    Attributes:
        item: int32 [P], rows of items.
        event: int64 [P], rows of events, for the context.
        moment: int64 [P], place of the first positive of the same user and time.
        seconds: int64 [P], time in whole seconds since 1970 UTC.
        type: int8 [P], codes of event types.
        weight: float32 [P], mean 1.
        users: int32 [U], rows of the users with positives, ascending.
        offsets: int64 [U + 1], place of each user's first positive.
    """

    item: NDArray[np.int32]
    event: NDArray[np.int64]
    moment: NDArray[np.int64]
    seconds: NDArray[np.int64]
    type: NDArray[np.int8]
    weight: NDArray[np.float32]
    users: NDArray[np.int32]
    offsets: NDArray[np.int64]


def positives(dataset: PreparedDataset, half_life_days: float | None) -> Positives:
    """The positive training events and where each user's lie.

    Args:
        dataset: the prepared dataset.
        half_life_days: an event this much older than the newest weighs half; None weighs by type
            alone.

    Raises:
        DataError: there are none.
    """
    events = dataset.events
    chosen = np.flatnonzero(events.learned)
    if not len(chosen):
        raise DataError(
            "no training event is positive: lower `data.events.min_value`, or give an event type "
            "a weight above 0 in `data.events.weights`"
        )
    user, time = events.user[chosen], events.time[chosen]
    new_user = np.r_[True, user[1:] != user[:-1]]
    new_moment = new_user | np.r_[True, time[1:] != time[:-1]]
    first = np.flatnonzero(new_user)
    weight = events.weight[chosen] * _recency(time, half_life_days)
    return Positives(
        item=events.item[chosen],
        event=chosen,
        moment=np.maximum.accumulate(np.where(new_moment, np.arange(len(chosen)), 0)),
        seconds=time // MICROSECONDS_A_SECOND,
        type=events.type[chosen],
        weight=(weight / weight.mean()).astype(np.float32),
        users=user[first],
        offsets=np.append(first, len(chosen)),
    )


def _recency(time: NDArray[np.int64], half_life_days: float | None) -> NDArray[np.float64]:
    if half_life_days is None:
        return np.ones(len(time))
    age_days = (time.max() - time) / DAY
    weights: NDArray[np.float64] = 0.5 ** (age_days / half_life_days)
    return weights
