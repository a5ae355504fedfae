"""How many independent rows a window is worth whose rows are alike in clusters, such as users.

Events of one user are alike: a hundred of them may tell less of all events than ten of ten users.
Values in clusters of n_g, which correlate by rho within each, are worth n / (1 + (m - 1) rho)
independent ones, where m = sum n_g^2 / n (Kish 1965, Survey Sampling; for distributions Rao and
Scott 1981, The Analysis of Categorical Data from Complex Sample Surveys).

Legend: N values, B buckets.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from trainers.retraining.drift.histograms import Floats, Ints

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Clusters:
    """Values of a window by the cluster that they belong to.

    Attributes:
        codes: int64 [N], the cluster of each value, from 0.
        rows: how many rows have the values; those of one list are of one row.
    """

    codes: Ints
    rows: int

    @property
    def together(self) -> float:
        """Mean size of the cluster of a value, itself included; 0 without values."""
        sizes = np.bincount(self.codes).astype(np.float64)
        return float(np.square(sizes).sum() / max(1, len(self.codes)))

    def independent(self, correlation: float) -> float:
        """Independent rows that the values are worth, at most as many as there are rows."""
        inflation = max(1.0, 1 + (self.together - 1) * correlation)
        return min(float(self.rows), len(self.codes) / inflation)


@dataclass(frozen=True)
class Window:
    """A table and the cluster of each of its rows, int64."""

    table: "pa.Table"
    clusters: Ints

    @classmethod
    def of(cls, table: "pa.Table", cluster: str | None) -> Self:
        """A table in clusters of equal values of a column; see `clusters_of`."""
        return cls(table, clusters_of(table, cluster))


def clusters_of(table: "pa.Table", column: str | None) -> Ints:
    """The cluster of each row, int64 [N].

    Args:
        table: a window.
        column: rows with equal values of it are a cluster; each row is one where it is not there.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if column is None or column not in table.column_names:
        return np.arange(len(table), dtype=np.int64)
    values = table[column].combine_chunks()
    if not pa.types.is_dictionary(values.type):
        values = pc.dictionary_encode(values)
    codes = pc.fill_null(values.indices.cast(pa.int64()), len(values.dictionary))
    found: Ints = codes.to_numpy(zero_copy_only=False)
    return found


def of_buckets(codes: Ints, clusters: Clusters) -> float:
    """How much the buckets of values of one cluster correlate, weighted as chi-squared weighs them.

    Two values of a cluster that fall into one bucket count 1 / p, for the bucket's share p in this
    window: a pair counts 1 on average where they are independent, and B where a cluster has one
    value. Shares of another window would take drift for correlation.

    Args:
        codes: int64 [N], the bucket of each value.
        clusters: of the same values.

    Returns:
        From 0, independent or without a pair, to 1, all alike.
    """
    pairs = _ordered_pairs(clusters)
    _, codes, totals = np.unique(codes, return_inverse=True, return_counts=True)
    if not pairs or len(totals) < 2:
        return 0.0
    cells, counts = np.unique(clusters.codes * len(totals) + codes, return_counts=True)
    shares = totals[cells % len(totals)] / len(codes)
    alike = counts.astype(np.float64) * (counts - 1) / shares
    return _bounded((alike.sum() / pairs - 1) / (len(totals) - 1))


def of_numbers(values: Floats, clusters: Clusters) -> float:
    """How much numbers of one cluster correlate, from 0 to 1.

    Args:
        values: float64 [N].
        clusters: of the same values.
    """
    pairs, variance = _ordered_pairs(clusters), values.var() if len(values) else 0.0
    if not pairs or not variance:
        return 0.0
    apart = values - values.mean()
    sums = np.bincount(clusters.codes, weights=apart)
    return _bounded((np.square(sums).sum() - np.square(apart).sum()) / pairs / variance)


def _ordered_pairs(clusters: Clusters) -> float:
    return len(clusters.codes) * (clusters.together - 1)


def _bounded(correlation: float) -> float:
    return min(1.0, max(0.0, float(correlation)))
