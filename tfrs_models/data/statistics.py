"""What a log says of each item up to a moment: popularity, its trend, age.

The moment is the start of a window of requests in training and the end of the log in a bundle, so a
ranker meets statistics as old as those that it learned from, and nothing later than a request.

Legend: N item rows, S statistics.
"""

import numpy as np
from numpy.typing import NDArray

from configs.errors import DataError
from tfrs_models.data.times import DAY

WINDOW_DAYS = (1, 3, 7, 14, 30, 90)
SHARE_DAYS = (7, 30)

STATISTICS = (
    *(f"events_{days}d" for days in WINDOW_DAYS),
    "events",
    *(f"share_{days}d" for days in SHARE_DAYS),
    "age_days",
    "idle_days",
)
"""Names: positive events in the latest days and in all, the item's share of all items' events, days
since its first and since its latest one; both are -1 without any."""

NO_DAYS = -1.0


def item_statistics(
    item: NDArray[np.int32], time: NDArray[np.int64], num_items: int, moment: int
) -> NDArray[np.float32]:
    """The statistics of every item, from the events before a moment: float32 [N, S].

    Args:
        item: int32 [E], item rows of the positive events that may be known.
        time: int64 [E], their times in microseconds since 1970 UTC.
        num_items: N, the reserved rows included.
        moment: microseconds since 1970 UTC; events at or after it count for nothing.
    """
    earlier = time < moment
    item, days = item[earlier], (moment - time[earlier]) / DAY
    counts = {d: np.bincount(item[days <= d], minlength=num_items) for d in WINDOW_DAYS}
    shares = [counts[d] / max(1, counts[d].sum()) for d in SHARE_DAYS]
    everything = np.bincount(item, minlength=num_items)
    age, idle = np.full(num_items, -np.inf), np.full(num_items, np.inf)
    np.maximum.at(age, item, days)
    np.minimum.at(idle, item, days)
    for column in (age, idle):
        column[everything == 0] = NO_DAYS
    columns = [*counts.values(), everything, *shares, age, idle]
    return np.stack(columns, axis=1).astype(np.float32)


def check_statistics(statistics: NDArray[np.float32]) -> None:
    """Check that every statistic is finite.

    Raises:
        DataError: one is not; names it and its row.
    """
    broken = np.argwhere(~np.isfinite(statistics))
    if len(broken):
        row, column = broken[0]
        raise DataError(
            f"the statistic `{STATISTICS[column]}` of item row {row} is {statistics[row, column]}: "
            "the ranker reads finite numbers only; mend the item table, or export it again"
        )
