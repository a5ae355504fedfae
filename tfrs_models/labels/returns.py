"""Whether the user came back: an event of theirs some time after, within some days."""

import math
from typing import Annotated, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from configs.section import Section
from tfrs_models.data.dataset import VALIDATION, Events, PreparedDataset
from tfrs_models.data.times import DAY
from tfrs_models.labels._touched import Touched

UNTOUCHED = math.nan


class Options(Section):
    """When a user has come back."""

    after_days: Annotated[float, Field(ge=0)] = 1.0
    """Events sooner than this belong to the same visit."""
    within_days: Annotated[float, Field(gt=0)] = 7.0
    """Events later than this do not count."""

    @model_validator(mode="after")
    def _check_days(self) -> Self:
        if self.within_days <= self.after_days:
            raise ValueError(
                f"`within_days` must be more than `after_days`, received {self.within_days:g} and "
                f"{self.after_days:g}: no event could count"
            )
        return self


def labels(options: Options, dataset: PreparedDataset, touched: Touched) -> NDArray[np.float32]:
    """1 or 0; not known where the days reach past the end of what may be known.

    That is the window's end, and of a user with hidden events (later windows, the test part) the
    first of them.
    """
    events, user = dataset.events, touched.user
    last = events.time[touched.last_events]
    start, stop = (last + int(d * DAY) for d in (options.after_days, options.within_days))
    hidden = events.split > VALIDATION
    came = _between(events, ~hidden, user, start, stop) > 0
    known = (stop < touched.end) & (_between(events, hidden, user, last, stop) == 0)
    return np.where(known, came, np.float32(math.nan)).astype(np.float32)


def _between(
    events: Events,
    chosen: NDArray[np.bool_],
    user: NDArray[np.int32],
    after: NDArray[np.int64],
    until: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Number of each user's chosen events after one moment and until another: int64 [M]."""
    # Ranks of moments: microseconds times users would not fit into 64 bits.
    moments, rank = np.unique(events.time[chosen], return_inverse=True)
    size = len(moments) + 1
    keys = events.user[chosen].astype(np.int64) * size + rank

    def before(moment: NDArray[np.int64]) -> NDArray[np.int64]:
        wanted = user.astype(np.int64) * size + np.searchsorted(moments, moment, side="right")
        counts: NDArray[np.int64] = np.searchsorted(keys, wanted, side="left")
        return counts

    return before(until) - before(after)
