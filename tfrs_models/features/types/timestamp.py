"""A part of a time in UTC: the hour, the weekday or the month as an id, or the age as a number.

Raw times are whole seconds since 1970-01-01 UTC, negative before; -1 is missing: 0, or for the age
(0, 1). Ids count from 2: hours from 0 h, weekdays from Monday, months from January; there is no
unknown. The age counts days before the end of training, as log(1 + days) / log(1 + a century), and
is 0 for later times.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from configs.section import Section
from tfrs_models.backend import tf
from tfrs_models.features.feature_type import FIRST_ID, MISSING_ID, MISSING_TIME, Output, Raw
from tfrs_models.features.graph import with_missing
from tfrs_models.features.training_column import TrainingColumn

DAY = 86_400
HOUR = 3_600
CENTURY_DAYS = 36_525
SIZES = {"hour": 24, "weekday": 7, "month": 12}


class Options(Section):
    """Which part of the time."""

    part: Literal["hour", "weekday", "month", "age"]
    """`hour`, `weekday` and `month` are ids; `age` is dense, `[B, 2]`: the age and is-missing."""


def raw(options: Options) -> Raw:
    """One time a row."""
    return Raw("int64")


def fit(options: Options, column: TrainingColumn, vocabulary: Path) -> dict[str, Any]:
    """The age counts from the end of training; the other parts learn nothing."""
    return {"reference": column.end_of_training} if options.part == "age" else {}


def output(options: Options, state: Mapping[str, Any]) -> Output:
    """Ids `[B, 1]`, or for the age dense `[B, 2]`."""
    if options.part == "age":
        return Output("dense", width=2)
    return Output("ids", width=1, num_ids=SIZES[options.part] + FIRST_ID)


def resources(options: Options, state: Mapping[str, Any], vocabulary: Path) -> dict[str, Any]:
    """None needed."""
    return {}


def encode(
    options: Options, state: Mapping[str, Any], resources: Mapping[str, Any], raw: Any
) -> Any:
    """Take the part out of the time."""
    missing = tf.equal(raw, MISSING_TIME)
    if options.part == "age":
        return with_missing(_age(raw, state["reference"]), missing)
    part = {"hour": _hour, "weekday": _weekday, "month": _month}[options.part](raw)
    ids = tf.where(missing, MISSING_ID, tf.cast(part, tf.int32) + FIRST_ID)
    return tf.expand_dims(ids, axis=-1)


def _hour(time: Any) -> Any:
    return tf.math.floormod(time, DAY) // HOUR


def _weekday(time: Any) -> Any:
    # 1970-01-01 was a Thursday, day 3 of a week from Monday.
    return tf.math.floormod(tf.math.floordiv(time, DAY) + 3, 7)


def _month(time: Any) -> Any:
    """Months from 0, by Hinnant's `civil_from_days`: the year starts in March, leap day last."""
    day_of_era = tf.math.floormod(tf.math.floordiv(time, DAY) + 719_468, 146_097)
    year_of_era = (
        day_of_era - day_of_era // 1_460 + day_of_era // 36_524 - day_of_era // 146_096
    ) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    from_march = (5 * day_of_year + 2) // 153
    return tf.math.floormod(from_march + 2, 12)


def _age(time: Any, reference: int) -> Any:
    days = tf.nn.relu(tf.cast(reference, tf.float64) - tf.cast(time, tf.float64)) / DAY
    return tf.math.log1p(days) / np.log1p(CENTURY_DAYS)
