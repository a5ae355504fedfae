"""The people who come in every round, the same for all policies, and the groups they belong to."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from configs.errors import DataError
from tfrs_models.data.simulation import clock, draws, words
from tfrs_models.data.simulation.population import attribute
from tfrs_models.data.simulation.sessions import MAX_REQUESTS
from tfrs_models.data.simulation.world import World

Rows = NDArray[np.int64]
GroupBy = Literal["age_group", "country"]
ALL = "all"
ACTIVITIES = ("light", "medium", "heavy")

_ATTRIBUTES = {"age_group": words.AGE_GROUPS, "country": words.COUNTRIES}
# The rest of the day is for what people do with the last list: it ends before the next round.
_OPEN = 23 * clock.DAY // 24


@dataclass(frozen=True)
class Panel:
    """U users of a world.

    Attributes:
        users: int64 [U], their numbers, ascending.
        events: int64 [U], positive events of each before the first round.
    """

    users: Rows
    events: Rows

    def __len__(self) -> int:
        return len(self.users)


def draw_panel(positives: Rows, size: int, seed: int) -> Panel:
    """At most `size` of the users with a positive event; which ones is drawn by the seed.

    Args:
        positives: int64 [users of the world], positive events of each.
        size: users wanted.
        seed: of the draw.

    Raises:
        DataError: too few users are active for the groups by activity.
    """
    active = np.flatnonzero(positives)
    if len(active) < len(ACTIVITIES):
        raise DataError(
            f"{len(active)} users of the world have a positive event, at least {len(ACTIVITIES)} "
            "are needed: raise `data.simulated.users` or `data.simulated.sessions_per_user`"
        )
    drawn = np.random.default_rng([seed, 1]).permutation(active)[:size]
    users = np.sort(drawn)
    return Panel(users, positives[users])


def groups(world: World, panel: Panel, by: GroupBy) -> dict[str, NDArray[np.bool_]]:
    """Marks of each group by name, bool [U]: all, thirds by activity, and by one attribute.

    Equally active users stand in the order of their numbers. Groups without anybody are left out.
    """
    found = {ALL: np.ones(len(panel), np.bool_)}
    order = np.argsort(panel.events, kind="stable")
    for name, members in zip(ACTIVITIES, np.array_split(order, len(ACTIVITIES)), strict=True):
        found[f"activity={name}"] = np.isin(np.arange(len(panel)), members)
    value = attribute(world, by, panel.users)
    for index, name in enumerate(_ATTRIBUTES[by]):
        found[f"{by}={name}"] = value == index
    return {name: marks for name, marks in found.items() if marks.any()}


@dataclass(frozen=True)
class Visits:
    """When and with what the panel comes in one round: U requests.

    Attributes:
        time_us: int64 [U], microseconds since 1970.
        device: int64 [U].
        request: int64 [U], numbers that no request of the world's own log has.
    """

    time_us: Rows
    device: Rows
    request: Rows


def visits(world: World, panel: Panel, number: int) -> Visits:
    """The visits of round `number`, from 1: one a user, on the round's day after the window."""
    midnight = world.window[1] + (number - 1) * clock.DAY
    hour = draws.uniform(world.seed, "feedback_time", panel.users, number)
    first = int(world.session_ends[-1]) * MAX_REQUESTS + (number - 1) * len(panel)
    return Visits(
        time_us=midnight + (hour * _OPEN).astype(np.int64),
        device=attribute(world, "device", panel.users),
        request=first + np.arange(len(panel)),
    )
