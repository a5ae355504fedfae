"""Means of columns before and now: missing and unknown values, lengths of lists, positive labels.

The threshold is a score test: under the null both means are of one distribution, whose variance is
that of all values together, so their difference has that variance times (1/n + 1/m), for n and m
independent rows.

Legend: N values.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from configs.drift import DriftConfig
from configs.errors import DataError
from trainers.retraining.drift.alike import Clusters, Window, of_numbers
from trainers.retraining.drift.columns import (
    clusters_of_lists,
    clusters_of_values,
    flat,
    is_list,
    valid,
)
from trainers.retraining.drift.findings import Counts, RateDrift, RateName, judged
from trainers.retraining.drift.histograms import Floats, lengths, name_codes, numbers
from trainers.retraining.drift.thresholds import Rows

if TYPE_CHECKING:
    import pyarrow as pa

Vocabularies = Mapping[str, Collection[str]]
"""Known values of columns, as text."""


@dataclass(frozen=True)
class Sample:
    """Numbers of a window, float64 [N], and their clusters."""

    values: Floats
    clusters: Clusters


@dataclass(frozen=True)
class Rate:
    """A mean before and now, not judged yet.

    Attributes:
        name: what is averaged.
        column: of which column.
        reference: the mean before.
        current: the mean now.
        variance: of all values together.
        rows: how many each mean is of.
        independent: how many independent rows these are worth.
    """

    name: RateName
    column: str
    reference: float
    current: float
    variance: float
    rows: Counts
    independent: Rows


def rates(
    reference: Window,
    current: Window,
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
    return [
        _rate(name, column, *samples)
        for name, column, *samples in _samples(reference, current, names, settings, vocabularies)
        if all(len(sample.values) for sample in samples)
    ]


def judge(rate: Rate, settings: DriftConfig, significance: float) -> RateDrift:
    """Compare the difference with what chance explains, and with the smallest that matters."""
    threshold = max(_floor(rate, settings), _chance(rate, significance))
    change = abs(rate.current - rate.reference)
    return RateDrift(
        rate.name,
        rate.column,
        rate.reference,
        rate.current,
        threshold,
        judged(change > threshold, settings.action_of(rate.column)),
        rate.rows,
        rate.independent,
    )


def _samples(
    before: Window,
    now: Window,
    names: Collection[str],
    settings: DriftConfig,
    vocabularies: Vocabularies,
) -> Iterator[tuple[RateName, str, Sample, Sample]]:
    """What each rate is the mean of, before and now."""
    for name in names:
        yield "missing", name, _missing(before, name), _missing(now, name)
        if is_list(before.table[name].type):
            yield "mean length", name, _lengths(before, name), _lengths(now, name)
    for name, known in vocabularies.items():
        yield "unknown", name, _unknown(before, name, known), _unknown(now, name, known)
    if settings.label:
        label = settings.label
        yield "positive", label, _positive(before, label), _positive(now, label)


def _rate(name: RateName, column: str, before: Sample, now: Sample) -> Rate:
    correlation = max(of_numbers(side.values, side.clusters) for side in (before, now))
    return Rate(
        name,
        column,
        float(before.values.mean()),
        float(now.values.mean()),
        float(np.concatenate([before.values, now.values]).var()),
        (before.clusters.rows, now.clusters.rows),
        (before.clusters.independent(correlation), now.clusters.independent(correlation)),
    )


def _missing(window: Window, name: str) -> Sample:
    """1 in rows without a list, or without a value that is a number."""
    column = window.table[name]
    there = valid(column if is_list(column.type) else flat(column))
    missing = (~there).astype(np.float64)
    return Sample(missing, Clusters(window.clusters, len(there)))


def _lengths(window: Window, name: str) -> Sample:
    column = window.table[name]
    return Sample(lengths(column), clusters_of_lists(column, window.clusters))


def _unknown(window: Window, name: str, known: Collection[str]) -> Sample:
    column = _column(window.table, name)
    outside = name_codes(flat(column), known) == len(known)
    return Sample(outside.astype(np.float64), clusters_of_values(column, window.clusters))


def _positive(window: Window, name: str) -> Sample:
    import pyarrow as pa

    column = _column(window.table, name)
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
    positive = numbers(flat(column)) == 1
    return Sample(positive.astype(np.float64), clusters_of_values(column, window.clusters))


def _column(table: "pa.Table", name: str) -> "pa.ChunkedArray":
    if name not in table.column_names:
        raise DataError(
            f"there is no column `{name}`, of which a share was asked: the table has "
            f"{', '.join(table.column_names)}"
        )
    return table[name]


def _chance(rate: Rate, significance: float) -> float:
    """Difference of the means that chance exceeds with a probability of `significance`."""
    from scipy.stats import norm

    n, m = rate.independent
    return float(norm.isf(significance / 2) * np.sqrt(rate.variance * (1 / n + 1 / m)))


def _floor(rate: Rate, settings: DriftConfig) -> float:
    if rate.name == "mean length":
        return settings.min_length_change * rate.reference
    return settings.min_rate_change
