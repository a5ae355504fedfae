"""Whether the user came back: an event of theirs some time after, within some days."""

import math
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from configs.section import Section
from tfrs_models.data.dataset import PreparedDataset
from tfrs_models.data.times import DAY
from tfrs_models.labels._touched import Touched

UNTOUCHED = math.nan


class Options(Section):
    """When a user has come back."""

    after_days: Annotated[float, Field(ge=0)] = 1.0
    """Events sooner than this belong to the same visit."""
    within_days: Annotated[float, Field(gt=0)] = 7.0
    """Events later than this do not count."""


def labels(options: Options, dataset: PreparedDataset, touched: Touched) -> NDArray[np.float32]:
    """1 or 0; not known where the days reach past the end of what may be known."""
    events = dataset.events
    last = touched.last_events
    start = events.time[last] + int(options.after_days * DAY)
    stop = events.time[last] + int(options.within_days * DAY)
    came = _events_until(dataset, touched.user, stop) > _events_until(dataset, touched.user, start)
    known = stop < touched.end
    return np.where(known, came.astype(np.float32), np.float32(math.nan)).astype(np.float32)


def _events_until(
    dataset: PreparedDataset, users: NDArray[np.int32], moments: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Number of each user's events up to a moment, that one included: int64 [M]."""
    events = dataset.events
    first, span = events.time.min(), int(np.ptp(events.time)) + 2
    keys = events.user.astype(np.int64) * span + (events.time - first)
    wanted = users.astype(np.int64) * span + np.clip(moments - first, -1, span - 1)
    counts: NDArray[np.int64] = np.searchsorted(keys, wanted, side="right")
    return counts
