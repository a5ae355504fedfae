"""Rows of each day against the mean of the same weekday before.

The null: clusters of rows, such as users, come in Poisson numbers (compound Poisson). The rows of a
day have the variance s mean, with s the mean size of a row's cluster on its day, which is 1 without
clusters; the mean of w earlier days has the variance s mean / w.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from configs.drift import DriftConfig
from configs.errors import DataError
from trainers.retraining.drift.alike import Clusters, Window
from trainers.retraining.drift.findings import DayVolume, judged

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Day:
    """The rows of a day by a column of times.

    Attributes:
        column: the times.
        day: in UTC.
        rows: how many there are.
        before: those of the same weekday in the reference.
        together: mean size of the cluster of a row on its day in the reference, at least 1.
    """

    column: str
    day: date
    rows: int
    before: tuple[int, ...]
    together: float


def days(reference: Window, current: "pa.Table", column: str) -> list[Day]:
    """The days of the current window, those without a row included.

    A day whose weekday the reference lacks is left out: nothing is expected of it.

    Args:
        reference: earlier rows.
        current: later rows.
        column: of times or dates.

    Raises:
        DataError: the column is missing, holds no times, or none that is not null.
    """
    before: dict[int, list[int]] = defaultdict(list)
    for day, rows in _per_day(reference.table, column).items():
        before[day.weekday()].append(rows)
    together = _together(reference, column)
    return [
        Day(column, day, rows, tuple(before[day.weekday()]), together)
        for day, rows in _per_day(current, column).items()
        if day.weekday() in before
    ]


def judge_day(day: Day, settings: DriftConfig, significance: float) -> DayVolume:
    """An alarm outside of `volume_ratio`, if chance does not explain it.

    Args:
        day: what is judged.
        settings: ratios and actions.
        significance: chance of a false alarm of this day.
    """
    from scipy.stats import norm

    mean = float(np.mean(day.before))
    variance = mean * day.together * (1 + 1 / len(day.before))
    chance = float(norm.isf(significance / 2) * np.sqrt(variance))
    low, high = (ratio * mean for ratio in settings.volume_ratio)
    low, high = max(0.0, min(low, mean - chance)), max(high, mean + chance)
    verdict = judged(not low <= day.rows <= high, settings.action_of(day.column))
    return DayVolume(day.day, day.rows, mean, low, high, verdict)


def _per_day(table: "pa.Table", column: str) -> Mapping[date, int]:
    """Rows of every day from the first to the last one, in UTC."""
    import pyarrow.compute as pc

    found = pc.value_counts(_dates(table, column).drop_null()).to_pylist()
    counts = {one["values"]: one["counts"] for one in found}
    first, last = min(counts), max(counts)
    every = (first + timedelta(days=i) for i in range((last - first).days + 1))
    return {day: counts.get(day, 0) for day in every}


def _together(window: Window, column: str) -> float:
    import pyarrow as pa
    import pyarrow.compute as pc

    dates = _dates(window.table, column)
    there = pc.is_valid(dates).to_numpy()
    numbers = dates.drop_null().cast(pa.int32()).to_numpy().astype(np.int64)
    of_row = window.clusters[there]
    of_day = np.unique(numbers * (of_row.max() + 1) + of_row, return_inverse=True)[1]
    return Clusters(of_day, len(of_day)).together


def _dates(table: "pa.Table", column: str) -> "pa.ChunkedArray":
    """The date of each row; at least one is there."""
    import pyarrow as pa

    types = {field.name: field.type for field in table.schema}
    kind = types.get(column)
    if kind is None or not (pa.types.is_timestamp(kind) or pa.types.is_date(kind)):
        raise DataError(
            f"`date` must name a column of times or dates, received {column!r} for a table with "
            f"{', '.join(f'{name} ({one})' for name, one in types.items())}: cast it, or leave "
            "`date` out"
        )
    found = table[column].cast(pa.date32(), safe=False)
    if found.null_count == len(found):
        raise DataError(f"the column `{column}` of `date` has no time in any row: leave `date` out")
    return found
