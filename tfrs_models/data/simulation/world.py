"""One simulated world: everything that is fixed before the first session."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfrs_models.data.simulation import clock, draws
from tfrs_models.data.simulation.catalogue import Catalogue, build_catalogue
from tfrs_models.data.simulation.geometry import Geometry, build_geometry
from tfrs_models.data.simulation.grouping import Groups, build_groups
from tfrs_models.data.simulation.options import Options

_ACTIVITY_SPREAD = 1.0
_BLOCK = 65_536


@dataclass(frozen=True)
class World:
    """What a seed and its options define. Users are computed on demand, not stored.

    Attributes:
        options: the settings.
        seed: the seed; every number of the world follows from it and the settings.
        geometry: directions of the latent space.
        catalogue: the N items.
        groups: the shelves by which the shop's own recommender finds items.
        activity: float64 [U], running sums of the users' session rates.
        session_ends: int64 [days * 144], sessions started up to the end of each ten minutes.
    """

    options: Options
    seed: int
    geometry: Geometry
    catalogue: Catalogue
    groups: Groups
    activity: NDArray[np.float64]
    session_ends: NDArray[np.int64]

    @property
    def window(self) -> tuple[int, int]:
        """First microsecond of the window and the first one after it."""
        return clock.window(self.options)


def build_world(options: Options, seed: int) -> World:
    """Draw a world: O(items) memory, and one number a user."""
    geometry = build_geometry(options, seed)
    catalogue = build_catalogue(options, geometry, seed)
    return World(
        options=options,
        seed=seed,
        geometry=geometry,
        catalogue=catalogue,
        groups=build_groups(options, catalogue, geometry, seed),
        activity=_activity(options.users, seed),
        session_ends=np.cumsum(clock.session_counts(options, seed)),
    )


def _activity(users: int, seed: int) -> NDArray[np.float64]:
    """Running sums of log-normal session rates."""
    rate = np.empty(users, dtype=np.float64)
    for first in range(0, users, _BLOCK):
        block = np.arange(first, min(first + _BLOCK, users))
        noise = draws.normal(seed, "user_activity", block, 1)[:, 0]
        rate[block] = np.exp(_ACTIVITY_SPREAD * noise)
    return np.cumsum(rate, out=rate)
