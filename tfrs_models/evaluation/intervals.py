"""Bootstrap intervals over users, for one system and for the difference of two."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_CHUNK = 32


@dataclass(frozen=True)
class Bootstrap:
    """How to resample.

    Attributes:
        samples: number of resamples; 0 leaves the bounds out.
        seed: one seed draws the same users for every metric and system.
    """

    samples: int
    seed: int


@dataclass(frozen=True)
class Interval:
    """A mean over users and its 95% bounds; no bounds without resamples."""

    mean: float
    low: float | None = None
    high: float | None = None


def intervals(
    values: Mapping[str, NDArray[np.float64]], bootstrap: Bootstrap
) -> dict[str, Interval]:
    """Means with percentile bounds (2.5%, 97.5%). Source: Efron, Annals of Statistics 7, 1979.

    Args:
        values: name -> float64 [Q], one value a user, Q the same for all and at least 1.
        bootstrap: how to resample.
    """
    names = list(values)
    table = np.stack([values[name] for name in names], axis=1)
    means = table.mean(axis=0)
    if bootstrap.samples == 0:
        return {name: Interval(float(mean)) for name, mean in zip(names, means, strict=True)}
    resampled = np.concatenate([chunk @ table for chunk in _weights(len(table), bootstrap)])
    low, high = np.percentile(resampled, [2.5, 97.5], axis=0)
    return {
        name: Interval(float(means[i]), float(low[i]), float(high[i]))
        for i, name in enumerate(names)
    }


def differences(
    a: Mapping[str, NDArray[np.float64]],
    b: Mapping[str, NDArray[np.float64]],
    bootstrap: Bootstrap,
) -> dict[str, Interval]:
    """Intervals of `a - b`, paired by user: what both systems find hard cancels out.

    Args:
        a: name -> float64 [Q].
        b: the same metrics of the same users in the same order.
        bootstrap: how to resample.
    """
    return intervals({name: a[name] - b[name] for name in a}, bootstrap)


def _weights(size: int, bootstrap: Bootstrap) -> Iterator[NDArray[np.float64]]:
    """Share of each user in each resample: float64 [chunk, Q], rows sum to 1."""
    random = np.random.default_rng(bootstrap.seed)
    for start in range(0, bootstrap.samples, _CHUNK):
        chunk = min(_CHUNK, bootstrap.samples - start)
        draws = random.integers(0, size, (chunk, size))
        yield np.stack([np.bincount(draw, minlength=size) / size for draw in draws])
