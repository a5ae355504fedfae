"""Rows of each day against the mean of the same weekday before.

The null: a day's rows are a Poisson count; the mean of w earlier days has the variance mean / w.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from configs.drift import DriftConfig
from configs.errors import DataError
from trainers.retraining.drift.findings import DayVolume, judged

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Day:
    """The rows of a day by a column of times, and those of its weekday in the reference."""

    column: str
    day: date
    rows: int
    before: tuple[int, ...]


def days(reference: "pa.Table", current: "pa.Table", column: str) -> list[Day]:
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
    for day, rows in _per_day(reference, column).items():
        before[day.weekday()].append(rows)
    return [
        Day(column, day, rows, tuple(before[day.weekday()]))
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
    chance = float(norm.isf(significance / 2) * np.sqrt(mean * (1 + 1 / len(day.before))))
    low, high = (ratio * mean for ratio in settings.volume_ratio)
    low, high = max(0.0, min(low, mean - chance)), max(high, mean + chance)
    verdict = judged(not low <= day.rows <= high, settings.action_of(day.column))
    return DayVolume(day.day, day.rows, mean, low, high, verdict)


def _per_day(table: "pa.Table", column: str) -> Mapping[date, int]:
    """Rows of every day from the first to the last one, in UTC."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.value_counts(_dates(table, column).cast(pa.date32(), safe=False)).to_pylist()
    counts = {one["values"]: one["counts"] for one in found}
    first, last = min(counts), max(counts)
    every = (first + timedelta(days=i) for i in range((last - first).days + 1))
    return {day: counts.get(day, 0) for day in every}


def _dates(table: "pa.Table", column: str) -> "pa.ChunkedArray":
    import pyarrow as pa

    types = {field.name: field.type for field in table.schema}
    kind = types.get(column)
    if kind is None or not (pa.types.is_timestamp(kind) or pa.types.is_date(kind)):
        raise DataError(
            f"`date` must name a column of times or dates, received {column!r} for a table with "
            f"{', '.join(f'{name} ({one})' for name, one in types.items())}: cast it, or leave "
            "`date` out"
        )
    found = table[column].drop_null()
    if not len(found):
        raise DataError(f"the column `{column}` of `date` has no time in any row: leave `date` out")
    return found
