"""The distribution of a column as frozen data: counts of values, or a histogram of numbers.

Legend: N values, E edges.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa

    Column: TypeAlias = pa.Array | pa.ChunkedArray | NDArray[np.generic]

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True)
class Categories:
    """Counts of values that are names.

    Attributes:
        counts: by value, the most frequent first.
        other: count of the values that `counts` does not name; 0 where it names all.
        missing: count of nulls, which belong to no value.
    """

    counts: Mapping[str, float]
    other: float = 0
    missing: int = 0

    @property
    def total(self) -> float:
        """Count of all values that are there."""
        return sum(self.counts.values()) + self.other


@dataclass(frozen=True)
class Bucket:
    """Numbers from `low` to `high`; a point where both are equal, which may be infinite."""

    low: float
    high: float
    count: float


@dataclass(frozen=True)
class Numbers:
    """A histogram of numbers.

    Attributes:
        buckets: by `low`; they do not overlap, except that points may lie in wider ones.
        nan: count of NaN, which lies in no bucket.
        missing: count of nulls.
    """

    buckets: tuple[Bucket, ...]
    nan: int = 0
    missing: int = 0

    @property
    def total(self) -> float:
        """Count of all values that are there, NaN included."""
        return sum(bucket.count for bucket in self.buckets) + self.nan


Distribution: TypeAlias = Categories | Numbers


@dataclass(frozen=True)
class Grid:
    """Where the buckets of a histogram begin and end.

    Attributes:
        edges: float64 [E], increasing; a bucket holds its lower edge and not its upper one.
        points: float64, values so frequent that each is a bucket of its own.
    """

    edges: Floats
    points: Floats


def count_categories(column: "Column") -> Categories:
    """Counts of all values of a column.

    Memory grows with the number of different values; `merge_rare` bounds what is kept.

    Args:
        column: names, numbers or booleans; values are told apart by their text.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    values = arrow(column)
    found = pc.value_counts(values.drop_null())
    names = found.field("values").cast(pa.string()).to_pylist()
    pairs = zip(names, found.field("counts").to_pylist(), strict=True)
    ordered = sorted(pairs, key=lambda pair: (-pair[1], pair[0]))
    return Categories(dict(ordered), missing=values.null_count)


def merge_rare(
    p: Categories, q: Categories, max_values: int, min_count: float
) -> tuple[Categories, Categories]:
    """Both with the same values named: the most frequent of the two together, others merged.

    The choice treats both alike: choosing by one of them would favour its own chance, and show a
    distance where there is none. Merging can only bring two distributions nearer.

    Args:
        p: counts of all values.
        q: counts of all values.
        max_values: how many are named.
        min_count: what a named value is expected to count at least in the smaller of the two.
    """
    smaller = min(p.total, q.total) / max(1, p.total + q.total)
    both = {
        name: p.counts.get(name, 0) + q.counts.get(name, 0) for name in {**p.counts, **q.counts}
    }
    frequent = [name for name, count in both.items() if count * smaller >= min_count]
    named = sorted(frequent, key=lambda name: (-both[name], name))[:max_values]
    return _naming(p, named), _naming(q, named)


def numbers(column: "Column") -> Floats:
    """The values that are there as float64 [N], NaN and infinite ones included."""
    import pyarrow as pa

    found: Floats = arrow(column).drop_null().cast(pa.float64()).to_numpy(zero_copy_only=False)
    return found


def grid(values: Floats, bins: int) -> Grid:
    """Buckets of nearly equal mass.

    A value that is two or more of the quantiles is a point: a bucket whose edge it is would hold
    its mass in one histogram and miss it in the next.

    Args:
        values: float64 [N]; what is not finite is left out.
        bins: how many buckets, at most.
    """
    finite = values[np.isfinite(values)]
    if not len(finite):
        return Grid(np.empty(0), np.empty(0))
    marks = np.quantile(finite, np.linspace(0, 1, bins + 1), method="inverted_cdf")
    edges, times = np.unique(marks, return_counts=True)
    inner = edges[: max(1, len(edges) - 1)]
    return Grid(np.append(inner, _after(edges[-1])), edges[times > 1])


def histogram(values: Floats, grid: Grid) -> Numbers:
    """Counts of a grid's buckets; the grid is stretched to hold all finite values.

    Args:
        values: float64 [N], what `numbers` gives.
        grid: where the buckets begin and end.
    """
    finite = values[np.isfinite(values)]
    point = np.isin(finite, grid.points)
    spots, times = np.unique(finite[point], return_counts=True)
    edges = _stretched(grid.edges, finite)
    counts = np.histogram(finite[~point], edges)[0] if len(edges) else np.empty(0)
    ends = [np.count_nonzero(values == end) for end in (-np.inf, np.inf)]
    rows = [
        *zip((-np.inf, np.inf), (-np.inf, np.inf), ends, strict=True),
        *zip(spots, spots, times, strict=True),
        *zip(edges[:-1], edges[1:], counts, strict=True),
    ]
    buckets = sorted((float(low), float(high), int(count)) for low, high, count in rows)
    kept = tuple(Bucket(*row) for row in buckets if np.isfinite(row[0]) or row[2])
    return Numbers(kept, nan=int(np.count_nonzero(np.isnan(values))))


def bucket_codes(values: Floats, grid: Grid) -> Ints:
    """The bucket of each value, int64 [N]; what lies outside of the edges has one on either side.

    Args:
        values: float64 [N], without NaN.
        grid: where the buckets begin and end.
    """
    codes: Ints = np.searchsorted(grid.edges, values, side="right")
    spots: Ints = np.searchsorted(grid.points, values)
    point = np.isin(values, grid.points)
    return np.where(point, len(grid.edges) + 1 + spots, codes)


def name_codes(column: "Column", names: Collection[str]) -> Ints:
    """The place of each value among names, int64 [N]; one place behind it for all others.

    Args:
        column: as for `count_categories`; nulls are left out.
        names: texts of values.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    values = arrow(column).drop_null().cast(pa.string())
    places = pc.index_in(values, value_set=pa.array(list(names), pa.string()))
    found: Ints = pc.fill_null(places, len(names)).to_numpy().astype(np.int64)
    return found


def lengths(column: "Column") -> Floats:
    """Numbers of values in each list, float64 [N]; rows without a list are left out."""
    import pyarrow.compute as pc

    return numbers(pc.list_value_length(arrow(column)))


def arrow(column: "Column") -> "pa.ChunkedArray":
    """A column as a chunked array; a NumPy array becomes one, its NaN kept as values."""
    import pyarrow as pa

    if isinstance(column, pa.ChunkedArray):
        return column
    return pa.chunked_array([column if isinstance(column, pa.Array) else pa.array(column)])


def _naming(found: Categories, names: list[str]) -> Categories:
    counts = {name: found.counts.get(name, 0) for name in names}
    rest = found.total - sum(counts.values())
    return replace(found, counts=counts, other=rest)


def _stretched(edges: Floats, finite: Floats) -> Floats:
    """The edges, with ends added where values lie outside."""
    if not len(finite):
        return edges
    ends = np.array([finite.min(), _after(finite.max())])
    if not len(edges):
        return ends
    outside = (ends < edges[0]) | (ends > edges[-1])
    return np.union1d(edges, ends[outside])


def _after(value: float) -> float:
    """The next number, so that a bucket that ends there holds the value.

    After the largest float64 comes infinity, and its bucket counts as infinite.
    """
    with np.errstate(over="ignore"):
        return float(np.nextafter(value, np.inf))
