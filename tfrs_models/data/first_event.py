"""When each item was seen for the first time."""

import numpy as np
from numpy.typing import NDArray

from tfrs_models.data.dataset import PreparedDataset

MISSING_TIME = -1
_MICROSECONDS_A_SECOND = 1_000_000


def first_event(dataset: PreparedDataset) -> NDArray[np.int64]:
    """Time of the first event of each item row, positive or not: int64 [num_items].

    Seconds since 1970 UTC; -1 where there is no event.
    """
    none = np.iinfo(np.int64).max
    times = np.full(dataset.num_items, none)
    np.minimum.at(times, dataset.events.item, dataset.events.time)
    return np.where(times == none, MISSING_TIME, times // _MICROSECONDS_A_SECOND)
