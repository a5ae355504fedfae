"""The shop's own recommender, which fills the lists: the logging policy, with known propensities.

Each slot is filled from a mixture: uniform exploration, popularity, and a retrieval by taste that
draws a group of similar items, then an item of the group by popularity. Items that cannot be shown
again in the same list are drawn again, so a slot's propensity is p(i) / (1 - sum of p above it).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfrs_models.data.simulation import clock, draws
from tfrs_models.data.simulation.behaviour import dots, freshness, intent_bonus
from tfrs_models.data.simulation.world import World

Rows = NDArray[np.int64]

_TASTE_PULL = np.float32(12.0)
_DRAWS_PER_SLOT = 2


@dataclass(frozen=True)
class Shelf:
    """What can be shown on one day: the shop rebuilds its index at midnight.

    Attributes:
        item: int32 [A], the items there are.
        weight: float64 [N], attractiveness; 0 for items that have not arrived.
        line: float64 [N + 1], running sums of `weight` in the order of the groups.
        group_weight: float64 [G], sums of `weight`.
    """

    item: NDArray[np.int32]
    weight: NDArray[np.float64]
    line: NDArray[np.float64]
    group_weight: NDArray[np.float64]


def shelf(world: World, day: int) -> Shelf:
    """The shelf of a day, counted from 0: items that arrived before its midnight."""
    midnight = world.window[0] + day * clock.DAY
    created = world.catalogue.created_at
    there = created < midnight
    fresh = freshness(created, np.asarray(midnight))
    boost = 1.0 + world.options.freshness_strength * fresh
    weight = world.catalogue.weight * boost * there
    line = np.concatenate([[0.0], np.cumsum(weight[world.groups.order])])
    return Shelf(
        item=np.flatnonzero(there).astype(np.int32),
        weight=weight,
        line=line,
        group_weight=np.diff(line[world.groups.start]),
    )


@dataclass(frozen=True)
class Audience:
    """For whom a block of lists is made: S sessions.

    Attributes:
        reach: float64 [S, G], running sums over the groups of their weights for each session.
    """

    reach: NDArray[np.float64]


def audience(world: World, today: Shelf, taste: NDArray[np.float32], focus: Rows) -> Audience:
    """Weights of the groups for sessions with `taste` [S, D] and `focus` category [S]."""
    groups = world.groups
    pull = _TASTE_PULL * dots(taste, groups.vector)
    categories = np.arange(world.options.categories)[:, None]
    pull += intent_bonus(world, categories, groups.category)[focus]
    return Audience(np.cumsum(np.exp(pull, out=pull) * today.group_weight, axis=1))


@dataclass(frozen=True)
class Shown:
    """One row for each filled slot, n in all, in the order of request and position.

    Attributes:
        request: int64 [n], row of the request.
        position: int64 [n], from 0.
        item: int64 [n].
    """

    request: Rows
    position: Rows
    item: Rows


def show(world: World, today: Shelf, crowd: Audience, session: Rows, request_id: Rows) -> Shown:
    """Fill the lists of R requests, each of the session row `session` [R]."""
    candidate = _candidates(world, today, crowd, session, request_id)
    usable = (today.weight[candidate] > 0) & _first_time(candidate)
    place = np.cumsum(usable, axis=1)
    request, column = np.nonzero(usable & (place <= world.options.slots))
    position = place[request, column] - 1
    return Shown(request, position, candidate[request, column])


def _candidates(
    world: World, today: Shelf, crowd: Audience, session: Rows, request_id: Rows
) -> Rows:
    """Independent draws of the mixture, [R, 2 * slots]."""
    options, groups = world.options, world.groups
    count = _DRAWS_PER_SLOT * options.slots
    number = np.arange(count)
    branch = draws.uniform(world.seed, "slot_branch", request_id[:, None], number)
    where = draws.uniform(world.seed, "slot_item", request_id[:, None], number)
    explored = branch < options.exploration_share
    popular = branch < _popular_until(world)
    taken = np.flatnonzero(~popular.ravel())
    low = np.zeros(branch.size)
    high = np.full(branch.size, today.line[-1])
    chosen = draws.uniform(world.seed, "slot_group", request_id[:, None], number).ravel()[taken]
    group = draws.pick_rows(crowd.reach, np.repeat(session, count)[taken], chosen)
    low[taken] = today.line[groups.start[group]]
    high[taken] = today.line[groups.start[group + 1]]
    target = low + where.ravel() * (high - low)
    slot = np.searchsorted(today.line, target, side="right") - 1
    by_weight = groups.order[np.minimum(slot, len(groups.order) - 1)].reshape(branch.shape)
    by_chance = today.item[(where * len(today.item)).astype(np.int64)]
    return np.where(explored, by_chance, by_weight).astype(np.int64)


def _popular_until(world: World) -> float:
    explore = world.options.exploration_share
    return explore + (1.0 - explore) * world.options.popularity_share


def _first_time(candidate: Rows) -> NDArray[np.bool_]:
    """Whether the item of each cell [R, M] stands nowhere to its left."""
    order = np.argsort(candidate, axis=1, kind="stable")
    ranked = np.take_along_axis(candidate, order, axis=1)
    first = np.ones(candidate.shape, dtype=bool)
    repeats = ranked[:, 1:] == ranked[:, :-1]
    np.put_along_axis(first, order[:, 1:], ~repeats, axis=1)
    return first


def propensity(
    world: World, today: Shelf, crowd: Audience, session: Rows, shown: Shown
) -> NDArray[np.float64]:
    """Probability [n] that the policy put this item there, given the items above it."""
    chance = _chance(world, today, crowd, session[shown.request], shown.item)
    lists = np.zeros((len(session), world.options.slots))
    lists[shown.request, shown.position] = chance
    above = (np.cumsum(lists, axis=1) - lists)[shown.request, shown.position]
    return np.minimum(chance / np.maximum(1.0 - above, 1e-12), 1.0)


def _chance(
    world: World, today: Shelf, crowd: Audience, session: Rows, item: Rows
) -> NDArray[np.float64]:
    """Probability [n] of a single draw of the mixture."""
    group = world.groups.of_item[item]
    reach = crowd.reach[session, group] - np.where(group > 0, crowd.reach[session, group - 1], 0.0)
    by_group = reach / crowd.reach[session, -1]
    weight = today.weight[item]
    explore, popular = world.options.exploration_share, _popular_until(world)
    return np.asarray(
        explore / len(today.item)
        + (popular - explore) * weight / today.line[-1]
        + (1.0 - popular) * by_group * weight / today.group_weight[group]
    )
