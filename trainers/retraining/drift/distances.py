"""Distances of two distributions, as TensorFlow Data Validation defines them.

Source: tensorflow/data-validation, tensorflow_data_validation/anomalies/metrics.cc.

Legend: B buckets or values of both.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from configs.errors import DataError
from trainers.retraining.drift.histograms import (
    Bucket,
    Categories,
    Distribution,
    Floats,
    Numbers,
)


def l_infinity(p: Categories, q: Categories) -> float:
    """The largest difference of a value's shares, from 0 to 1; 0 for two empty ones."""
    a, b = paired(p, q)
    return float(np.max(np.abs(_shares(a) - _shares(b)), initial=0.0))


def normalized_difference(p: Categories, q: Categories) -> float:
    """The largest difference of a value's counts, over the total of both: from 0 to 1.

    It sees a change of volume too: doubled counts with equal shares are not 0.
    """
    a, b = paired(p, q)
    total = a.sum() + b.sum()
    return float(np.max(np.abs(a - b), initial=0.0) / total) if total else 0.0


def jensen_shannon(p: Distribution, q: Distribution) -> float:
    """The Jensen-Shannon divergence in bits, from 0 to 1: (KL(p||m) + KL(q||m)) / 2.

    Histograms are cut at the edges of both, the mass of a bucket spread evenly over its width;
    points are values of their own. Infinite values and NaN never match those of the other side.

    Raises:
        DataError: one of them is empty, or one counts names and the other numbers.
    """
    a, b = paired(p, q)
    if not (a.sum() and b.sum()):
        raise DataError(
            "the Jensen-Shannon divergence needs a value in both distributions, received "
            f"{a.sum():g} and {b.sum():g}: compare the shares of missing values instead"
        )
    return _divergence(_shares(a), _shares(b))


def paired(p: Distribution, q: Distribution) -> tuple[Floats, Floats]:
    """Masses of both in the same B places, float64 [B] each.

    Raises:
        DataError: one counts names and the other numbers.
    """
    if isinstance(p, Categories) and isinstance(q, Categories):
        return _categories(p, q)
    if isinstance(p, Numbers) and isinstance(q, Numbers):
        return _numbers(p, q)
    raise DataError(
        f"only distributions of one kind can be compared, received {type(p).__name__} and "
        f"{type(q).__name__}: name the column in `categorical`, or mend its type"
    )


def names(p: Categories, q: Categories) -> list[str]:
    """Values that are counted on both sides: named there, or surely absent."""
    found = {**p.counts, **q.counts}
    return [
        name
        for name in found
        if (name in p.counts or not p.other) and (name in q.counts or not q.other)
    ]


def _categories(p: Categories, q: Categories) -> tuple[Floats, Floats]:
    """Counts of the values that both tell; all others are one value, the last."""
    shared = names(p, q)
    return _counts(p, shared), _counts(q, shared)


def _counts(side: Categories, shared: Sequence[str]) -> Floats:
    told = set(shared)
    rest = side.other + sum(count for name, count in side.counts.items() if name not in told)
    return np.array([*(side.counts.get(name, 0) for name in shared), rest], float)


def _numbers(p: Numbers, q: Numbers) -> tuple[Floats, Floats]:
    edges = np.unique([end for side in (p, q) for one in _wide(side) for end in _ends(one)])
    points = sorted({*_points(p), *_points(q)})
    a, b = (_masses(side, edges, points) for side in (p, q))
    apart = np.array([_infinite(p), p.nan], float), np.array([_infinite(q), q.nan], float)
    nothing = np.zeros(2)
    return np.concatenate([a, apart[0], nothing]), np.concatenate([b, nothing, apart[1]])


def _masses(side: Numbers, edges: Floats, points: Sequence[float]) -> Floats:
    """Mass between the edges, then at the points."""
    own = _points(side)
    return np.concatenate([_spread(_wide(side), edges), [own.get(one, 0.0) for one in points]])


def _spread(buckets: Sequence[Bucket], edges: Floats) -> Floats:
    """Mass of buckets between edges that hold all of theirs."""
    if not buckets:
        return np.zeros(max(0, len(edges) - 1))
    counts = np.cumsum([0.0, *(bucket.count for bucket in buckets)])
    ends = np.array([end for bucket in buckets for end in _ends(bucket)])
    heights = np.repeat(counts, 2)[1:-1]  # flat between two buckets
    # Halves, since the width of all float64 is no float64.
    masses: Floats = np.diff(np.interp(edges / 2, ends / 2, heights)).clip(0)
    return masses


def _ends(bucket: Bucket) -> tuple[float, float]:
    return bucket.low, bucket.high


def _finite(bucket: Bucket) -> bool:
    return bool(np.isfinite(_ends(bucket)).all())


def _wide(side: Numbers) -> list[Bucket]:
    return [one for one in side.buckets if _finite(one) and one.low < one.high]


def _points(side: Numbers) -> Mapping[float, float]:
    return {one.low: one.count for one in side.buckets if _finite(one) and one.low == one.high}


def _infinite(side: Numbers) -> float:
    return sum(one.count for one in side.buckets if not _finite(one))


def _shares(counts: Floats) -> Floats:
    return counts / (counts.sum() or 1.0)


def _divergence(p: Floats, q: Floats) -> float:
    """Of two arrays [B] of shares; rounding leaves it in [0, 1]."""
    middle = (p + q) / 2
    total = sum(
        float(np.sum(side[side > 0] * np.log2(side[side > 0] / middle[side > 0])))
        for side in (p, q)
    )
    return min(max(total / 2, 0.0), 1.0)
