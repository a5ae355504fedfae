"""Groups of similar items, the coarse index of the shop's own recommender."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfrs_models.data.simulation.catalogue import Catalogue
from tfrs_models.data.simulation.geometry import Geometry
from tfrs_models.data.simulation.options import Options

_ITEMS_PER_GROUP = 2
_MAX_BITS = 5
_MAX_GROUPS = 1024


@dataclass(frozen=True)
class Groups:
    """G groups that partition the items; a group lies inside one category.

    Attributes:
        order: int32 [N], items sorted by group.
        of_item: int32 [N], group of each item.
        start: int64 [G + 1], where each group starts in `order`.
        vector: float32 [G, D], mean vector of the group's items.
        category: int32 [G].
    """

    order: NDArray[np.int32]
    of_item: NDArray[np.int32]
    start: NDArray[np.int64]
    vector: NDArray[np.float32]
    category: NDArray[np.int32]


def build_groups(options: Options, catalogue: Catalogue, geometry: Geometry, seed: int) -> Groups:
    """Split each category by the sides of random planes through its centre (Charikar 2002)."""
    bits = _plane_count(options)
    planes = np.random.default_rng([seed, 3]).standard_normal((bits, options.dimensions))
    code = catalogue.category.astype(np.int32)
    for plane in planes.astype(np.float32):
        offset = (geometry.category * plane).sum(axis=1)[catalogue.category]
        code = code * 2 + ((catalogue.vector * plane).sum(axis=1) > offset)
    present, of_item = np.unique(code, return_inverse=True)
    order = np.argsort(of_item, kind="stable").astype(np.int32)
    start = np.searchsorted(of_item[order], np.arange(len(present) + 1))
    return Groups(
        order=order,
        of_item=of_item.astype(np.int32),
        start=start,
        vector=_means(catalogue.vector[order], start),
        category=(present >> bits).astype(np.int32),
    )


def _means(vector: NDArray[np.float32], start: NDArray[np.int64]) -> NDArray[np.float32]:
    total = np.add.reduceat(vector, start[:-1])
    return np.asarray(total / np.diff(start)[:, None], dtype=np.float32)


def _plane_count(options: Options) -> int:
    """As many planes as leave about two items in a group and at most 1024 groups."""
    by_items = options.items / (options.categories * _ITEMS_PER_GROUP)
    by_groups = _MAX_GROUPS / options.categories
    return int(np.clip(np.log2(max(1.0, min(by_items, by_groups))), 0, _MAX_BITS))
