"""The distributions of a column in two windows, in the same places.

Legend: N values.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from configs.drift import DriftConfig
from trainers.retraining.drift.alike import Clusters, Window, of_buckets
from trainers.retraining.drift.columns import (
    clusters_of_lists,
    clusters_of_values,
    column_kind,
    flat,
    is_list,
)
from trainers.retraining.drift.findings import Counts, Part
from trainers.retraining.drift.histograms import (
    Categories,
    Distribution,
    Floats,
    Ints,
    bucket_codes,
    count_categories,
    grid,
    histogram,
    lengths,
    merge_rare,
    name_codes,
    numbers,
)
from trainers.retraining.drift.thresholds import Rows

if TYPE_CHECKING:
    import pyarrow as pa

Sides: TypeAlias = tuple[Clusters, Clusters]


@dataclass(frozen=True)
class _Buckets:
    """Two distributions in the same buckets, and what gives the bucket of each value, [N] each."""

    reference: Distribution
    current: Distribution
    codes: Callable[[], Sequence[Ints]]


_Cut: TypeAlias = Callable[[float], _Buckets]
"""The buckets in which at least so many values are expected."""


@dataclass(frozen=True)
class Pair:
    """Two distributions of one column, ready to be compared.

    Attributes:
        column: its name.
        part: its values, or the lengths of its lists.
        reference: before.
        current: now.
        rows: how many rows of each have a value.
        independent: how many independent rows these are worth.
    """

    column: str
    part: Part
    reference: Distribution
    current: Distribution
    rows: Counts
    independent: Rows


def pairs(before: Window, now: Window, name: str, settings: DriftConfig) -> Iterator[Pair]:
    """The distributions of a column; those of the lengths too where it holds lists."""
    a, b = before.table[name], now.table[name]
    if is_list(a.type):
        lists = clusters_of_lists(a, before.clusters), clusters_of_lists(b, now.clusters)
        cut = partial(_numbers, (lengths(a), lengths(b)), settings)
        yield _pair(name, "lengths", cut, lists, settings)
    sides = clusters_of_values(a, before.clusters), clusters_of_values(b, now.clusters)
    a, b = flat(a), flat(b)
    if column_kind(name, before.table, settings) == "names":
        cut = partial(_names, (a, b), (count_categories(a), count_categories(b)), settings)
    else:
        cut = partial(_numbers, (numbers(a), numbers(b)), settings)
    yield _pair(name, "values", cut, sides, settings)


def _pair(name: str, part: Part, cut: _Cut, sides: Sides, settings: DriftConfig) -> Pair:
    """In buckets of enough independent rows each; of enough rows, where a threshold is declared."""
    found = cut(settings.min_count)
    independent = _independent(found.codes(), sides)
    counts = [len(side.codes) for side in sides]
    if all(counts) and (part == "lengths" or settings.of(name).threshold is None):
        inflation = max(n / m for n, m in zip(counts, independent, strict=True))
        found = cut(settings.min_count * inflation) if inflation > 1 else found
    rows = sides[0].rows, sides[1].rows
    return Pair(name, part, found.reference, found.current, rows, independent)


def _names(
    values: "tuple[pa.ChunkedArray, pa.ChunkedArray]",
    counted: tuple[Categories, Categories],
    settings: DriftConfig,
    min_count: float,
) -> _Buckets:
    p, q = merge_rare(*counted, settings.max_values, min_count)
    return _Buckets(p, q, lambda: [name_codes(one, p.counts) for one in values])


def _numbers(values: tuple[Floats, Floats], settings: DriftConfig, min_count: float) -> _Buckets:
    """In buckets of nearly equal mass of the two together.

    Buckets by one of them would hold its own chance, as with names.
    """
    filled = int(min(len(one) for one in values) / min_count)
    places = grid(np.concatenate(values), min(settings.bins, max(2, filled)))
    p, q = (histogram(one, places) for one in values)
    return _Buckets(p, q, lambda: [bucket_codes(one, places) for one in values])


def _independent(codes: Sequence[Ints], sides: Sides) -> Rows:
    """By the larger correlation of the two, for rows of one visit are more alike than of a year."""
    correlation = max(of_buckets(*side) for side in zip(codes, sides, strict=True))
    return sides[0].independent(correlation), sides[1].independent(correlation)
