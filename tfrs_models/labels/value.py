"""The value of the latest event, such as a rating or seconds of watching."""

import math

import numpy as np
from numpy.typing import NDArray

from configs.errors import DataError
from configs.section import Section
from tfrs_models.data.dataset import PreparedDataset
from tfrs_models.labels._touched import Touched

UNTOUCHED = math.nan


class Options(Section):
    """What values may be."""

    low: float | None = None
    """The least value that is allowed, such as 1 of a rating."""
    high: float | None = None
    """The largest, such as 5."""


def labels(options: Options, dataset: PreparedDataset, touched: Touched) -> NDArray[np.float32]:
    """The values; not known where the event has none.

    Raises:
        DataError: a value is outside its range.
    """
    values = dataset.events.value[touched.last_events].astype(np.float32)
    low = -math.inf if options.low is None else options.low
    high = math.inf if options.high is None else options.high
    outside = values[(values < low) | (values > high)]
    if len(outside):
        raise DataError(
            f"a label of the type `value` is {outside[0]:g}, outside its range from {low:g} to "
            f"{high:g}: mend the data, or change `low` and `high` of the label"
        )
    return values
