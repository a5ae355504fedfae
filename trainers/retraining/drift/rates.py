"""Means of columns before and now: missing and unknown values, lengths of lists, positive labels.

The threshold is a score test: under the null both means are of one distribution, whose variance is
that of all rows together, so their difference has that variance times (1/n + 1/m).
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from configs.drift import DriftConfig
from configs.errors import DataError
from trainers.retraining.drift.columns import flat, is_list, with_values
from trainers.retraining.drift.findings import RateDrift, RateName, judged
from trainers.retraining.drift.histograms import Floats, lengths, numbers

if TYPE_CHECKING:
    import pyarrow as pa

Vocabularies = Mapping[str, Collection[str]]
"""Known values of columns, as text."""


@dataclass(frozen=True)
class Moments:
    """A mean of `rows` values and their variance."""

    rows: int
    mean: float
    variance: float


@dataclass(frozen=True)
class Rate:
    """A mean before and now, not judged yet."""

    name: RateName
    column: str
    reference: Moments
    current: Moments


def rates(
    reference: "pa.Table",
    current: "pa.Table",
    names: Collection[str],
    settings: DriftConfig,
    vocabularies: Vocabularies,
) -> list[Rate]:
    """The means of all columns; those of no rows are left out.

    Args:
        reference: earlier rows.
        current: later rows.
        names: columns that are compared.
        settings: name the label.
        vocabularies: of the columns whose unknown values are counted.

    Raises:
        DataError: a vocabulary or the label belongs to no column.
    """
    found = [
        *_column_rates(reference, current, names),
        *(
            Rate("unknown", name, _unknown(reference, name, known), _unknown(current, name, known))
            for name, known in vocabularies.items()
        ),
    ]
    if settings.label:
        label = settings.label
        found.append(
            Rate("positive", label, _positive(reference, label), _positive(current, label))
        )
    return [one for one in found if one.reference.rows and one.current.rows]


def judge(rate: Rate, settings: DriftConfig, significance: float) -> RateDrift:
    """Compare the difference with what chance explains, and with the smallest that matters."""
    n, m = rate.reference.rows, rate.current.rows
    chance = _chance(rate, significance)
    threshold = max(_floor(rate, settings), chance)
    change = abs(rate.current.mean - rate.reference.mean)
    return RateDrift(
        rate.name,
        rate.column,
        rate.reference.mean,
        rate.current.mean,
        threshold,
        judged(change > threshold, settings.action_of(rate.column)),
        (n, m),
    )


def _column_rates(
    reference: "pa.Table", current: "pa.Table", names: Collection[str]
) -> Iterator[Rate]:
    for name in names:
        yield Rate("missing", name, _missing(reference[name]), _missing(current[name]))
        if is_list(reference[name].type):
            sides = (_moments(lengths(table[name])) for table in (reference, current))
            yield Rate("mean length", name, *sides)


def _missing(column: "pa.ChunkedArray") -> Moments:
    """Share of rows without a list, or without a value that is a number."""
    values = column if is_list(column.type) else flat(column)
    return _share(values.null_count, len(values))


def _unknown(table: "pa.Table", name: str, known: Collection[str]) -> Moments:
    import pyarrow as pa
    import pyarrow.compute as pc

    column = _column(table, name)
    values = flat(column).drop_null().cast(pa.string())
    found = pc.is_in(values, value_set=pa.array(list(known), pa.string()))
    share = _share(len(values) - (pc.sum(found).as_py() or 0), len(values))
    return replace(share, rows=with_values(column))  # values of one list are not independent


def _positive(table: "pa.Table", name: str) -> Moments:
    import pyarrow as pa

    column = _column(table, name)
    types = pa.types
    if not (
        types.is_boolean(column.type)
        or types.is_integer(column.type)
        or types.is_floating(column.type)
    ):
        raise DataError(
            f"`label` must name a column that is true, or 1, for a positive event, received "
            f"`{name}` of {column.type}: cast it"
        )
    values = numbers(flat(column))
    return _share(int(np.count_nonzero(values == 1)), len(values))


def _column(table: "pa.Table", name: str) -> "pa.ChunkedArray":
    if name not in table.column_names:
        raise DataError(
            f"there is no column `{name}`, of which a share was asked: the table has "
            f"{', '.join(table.column_names)}"
        )
    return table[name]


def _share(count: int, rows: int) -> Moments:
    share = count / rows if rows else 0.0
    return Moments(rows, share, share * (1 - share))


def _moments(values: Floats) -> Moments:
    if not len(values):
        return Moments(0, 0.0, 0.0)
    return Moments(len(values), float(values.mean()), float(values.var()))


def _chance(rate: Rate, significance: float) -> float:
    """Difference of the means that chance exceeds with a probability of `significance`."""
    from scipy.stats import norm

    n, m = rate.reference.rows, rate.current.rows
    within = (n * rate.reference.variance + m * rate.current.variance) / (n + m)
    between = n * m * ((rate.current.mean - rate.reference.mean) / (n + m)) ** 2
    return float(norm.isf(significance / 2) * np.sqrt((within + between) * (1 / n + 1 / m)))


def _floor(rate: Rate, settings: DriftConfig) -> float:
    if rate.name == "mean length":
        return settings.min_length_change * rate.reference.mean
    return settings.min_rate_change
