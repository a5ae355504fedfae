"""The users, computed from their number on demand: ten million of them take no memory."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfrs_models.data.simulation import clock, draws
from tfrs_models.data.simulation.geometry import ARCHETYPES, unit
from tfrs_models.data.simulation.world import World

Rows = NDArray[np.int64]
Floats = NDArray[np.float32]

_TENURE_DAYS = 300.0
_BUDGET_SPREAD = 0.8
_SENSITIVITY = 0.4
_SENSITIVITY_SPREAD = 0.5
_ARCHETYPE_PULL, _FIRST_PULL, _SECOND_PULL, _OWN_PULL = 1.0, 0.5, 0.3, 0.5


@dataclass(frozen=True)
class People:
    """What decides how B users judge an item at a moment.

    Attributes:
        taste: float32 [B, D], unit length.
        budget: float32 [B], preferred `price_score`.
        sensitivity: float32 [B], logit lost for each unit of distance from the budget.
    """

    taste: Floats
    budget: Floats
    sensitivity: Floats

    def of(self, row: Rows) -> "People":
        """The people in the given rows."""
        return People(self.taste[row], self.budget[row], self.sensitivity[row])


def people(world: World, user: Rows, time_us: Rows) -> People:
    """How users [B] are at times [B]."""
    noise = draws.normal(world.seed, "user_temper", user, 2)
    return People(
        taste=taste(world, user, time_us),
        budget=np.float32(_BUDGET_SPREAD) * noise[:, 0],
        sensitivity=np.float32(_SENSITIVITY)
        * np.exp(np.float32(_SENSITIVITY_SPREAD) * noise[:, 1]),
    )


def taste(world: World, user: Rows, time_us: Rows) -> Floats:
    """Tastes [B, D] of users [B] at times [B]: unit vectors that turn slowly.

    u(t) = cos(a) u_0 + sin(a) u_1 with u_1 orthogonal to u_0 and a = `taste_drift` * t / 30 days.
    """
    first = _anchor(world, user, 0)
    second = _anchor(world, user, 1)
    second = unit(second - (first * second).sum(axis=1, keepdims=True) * first)
    start, _ = world.window
    months = (time_us - start) / (30 * clock.DAY)
    angle = (world.options.taste_drift * months).astype(np.float32)[:, None]
    return np.asarray(np.cos(angle) * first + np.sin(angle) * second, dtype=np.float32)


def _anchor(world: World, user: Rows, number: int) -> Floats:
    """A mixture of the user's kind, two favourite categories and something of their own."""
    geometry = world.geometry
    share = draws.uniform(world.seed, f"user_favourites_{number}", user[:, None], np.arange(2))
    liked = (share * len(geometry.category)).astype(np.int64)
    own = unit(draws.normal(world.seed, f"user_vector_{number}", user, world.options.dimensions))
    return unit(
        np.float32(_ARCHETYPE_PULL) * geometry.archetype[archetype(world, user)]
        + np.float32(_FIRST_PULL) * geometry.category[liked[:, 0]]
        + np.float32(_SECOND_PULL) * geometry.category[liked[:, 1]]
        + np.float32(_OWN_PULL) * own
    )


def archetype(world: World, user: Rows) -> Rows:
    """The kind of each user, int64 [B]: latent, but country, age group and device follow it."""
    return (draws.uniform(world.seed, "user_kind", user) * ARCHETYPES).astype(np.int64)


def joined_at(world: World, user: Rows) -> Rows:
    """When each user joined, int64 [B] microseconds."""
    options = world.options
    return clock.arrivals(options, world.seed, "user", user, options.new_users, _TENURE_DAYS)


def attribute(world: World, name: str, user: Rows) -> Rows:
    """Index of the `country`, `age_group` or `device` of each user, int64 [B]."""
    share = draws.uniform(world.seed, f"user_{name}", user)
    cumulative: NDArray[np.float64] = getattr(world.geometry, name)
    return draws.pick_rows(cumulative, archetype(world, user), share)
