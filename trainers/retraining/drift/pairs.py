"""The distributions of a column in two windows, in the same places.

Legend: N values.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from configs.drift import DriftConfig
from trainers.retraining.drift.alike import Clusters, clusters_of, of_buckets
from trainers.retraining.drift.columns import (
    clusters_of_lists,
    clusters_of_values,
    column_kind,
    flat,
    is_list,
)
from trainers.retraining.drift.findings import Counts, Part
from trainers.retraining.drift.histograms import (
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
_Bucketed: TypeAlias = tuple[Distribution, Distribution, Rows]
_Buckets: TypeAlias = Callable[[float], _Bucketed]
"""Both distributions, and the independent rows of each, for the least count of a bucket."""


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


def pairs(
    reference: "pa.Table", current: "pa.Table", name: str, settings: DriftConfig
) -> Iterator[Pair]:
    """The distributions of a column; those of the lengths too where it holds lists."""
    a, b = reference[name], current[name]
    before, now = (clusters_of(table, settings.cluster) for table in (reference, current))
    if is_list(a.type):
        lists = clusters_of_lists(a, before), clusters_of_lists(b, now)
        buckets = partial(_numbers, (lengths(a), lengths(b)), lists, settings)
        yield _pair(name, "lengths", buckets, lists, settings)
    sides = clusters_of_values(a, before), clusters_of_values(b, now)
    a, b = flat(a), flat(b)
    if column_kind(name, reference, settings) == "names":
        buckets = partial(_names, (a, b), sides, settings)
    else:
        buckets = partial(_numbers, (numbers(a), numbers(b)), sides, settings)
    yield _pair(name, "values", buckets, sides, settings)


def _pair(name: str, part: Part, buckets: _Buckets, sides: Sides, settings: DriftConfig) -> Pair:
    """In buckets of enough independent rows each; of enough rows, where a threshold is declared."""
    p, q, independent = buckets(settings.min_count)
    counts = [len(side.codes) for side in sides]
    if all(counts) and (part == "lengths" or settings.of(name).threshold is None):
        inflation = max(n / m for n, m in zip(counts, independent, strict=True))
        p, q, _ = buckets(settings.min_count * max(1.0, inflation))
    return Pair(name, part, p, q, (sides[0].rows, sides[1].rows), independent)


def _names(
    values: "tuple[pa.ChunkedArray, pa.ChunkedArray]",
    sides: Sides,
    settings: DriftConfig,
    min_count: float,
) -> _Bucketed:
    p, q = (count_categories(one) for one in values)
    p, q = merge_rare(p, q, settings.max_values, min_count)
    codes = [name_codes(one, p.counts) for one in values]
    return p, q, _independent(codes[0], codes[1], sides)


def _numbers(
    values: tuple[Floats, Floats], sides: Sides, settings: DriftConfig, min_count: float
) -> _Bucketed:
    """In buckets of nearly equal mass of the two together.

    Buckets by one of them would hold its own chance, as with names.
    """
    filled = int(min(len(one) for one in values) / min_count)
    places = grid(np.concatenate(values), min(settings.bins, max(2, filled)))
    p, q = (histogram(one, places) for one in values)
    codes = [bucket_codes(one, places) for one in values]
    return p, q, _independent(codes[0], codes[1], sides)


def _independent(before: Ints, now: Ints, sides: Sides) -> Rows:
    """By the larger correlation of the two, for rows of one visit are more alike than of a year."""
    correlation = max(of_buckets(before, sides[0]), of_buckets(now, sides[1]))
    return sides[0].independent(correlation), sides[1].independent(correlation)
