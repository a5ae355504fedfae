"""Asking the world: true click probabilities, and what people would do with a list."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from configs.errors import DataError
from tfrs_models.data.simulation import behaviour, draws
from tfrs_models.data.simulation.log import CART, IMPRESSION, PURCHASE, VIEW, funnel
from tfrs_models.data.simulation.population import People, people
from tfrs_models.data.simulation.sessions import focus as draw_focus
from tfrs_models.data.simulation.world import World

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Response:
    """What B people did with lists of K items, each [B, K].

    Attributes:
        clicked: bool, looked at and clicked.
        carted: bool, then put into the cart.
        purchased: bool, then bought.
        click_probability: float64, chance of the click, examination of the position included.
    """

    clicked: NDArray[np.bool_]
    carted: NDArray[np.bool_]
    purchased: NDArray[np.bool_]
    click_probability: NDArray[np.float64]


def click_probability(world: World, users: Rows, items: Rows, time_us: Rows) -> NDArray[np.float64]:
    """True probability that an examined item is clicked, averaged over the session's intent.

    Args:
        world: the world.
        users: int64 [B], numbers from 0; or [1] for all items.
        items: int64 [B].
        time_us: int64 of the shape of `users`, microseconds since 1970.

    Returns:
        float64 [B].

    Raises:
        DataError: a user or item that the world does not have.
    """
    _check(world, users, items)
    who = people(world, users, time_us)
    weights = behaviour.focus_weights(world, who.taste, time_us)
    return _expected(world, who, weights / weights.sum(axis=1, keepdims=True), items, time_us)


def click_probabilities(world: World, users: Rows, time_us: Rows) -> NDArray[np.float64]:
    """The same for users [B] and the whole catalogue, float64 [B, N]: what an oracle ranks by."""
    items = np.arange(len(world.catalogue))
    return np.stack(
        [
            click_probability(world, users[i : i + 1], items, time_us[i : i + 1])
            for i in range(len(users))
        ]
    )


def _expected(
    world: World,
    who: People,
    focus: NDArray[np.float64],
    items: Rows,
    time_us: Rows,
) -> NDArray[np.float64]:
    """Mean over the three cases: the session looks for the category, its department, another."""
    category = world.catalogue.category[items]
    seen = behaviour.opinion(world, who, items, time_us)
    exact = _at(focus, category)
    near = _at(_by_department(world, focus), world.geometry.department[category]) - exact
    bonuses = (behaviour.INTENT_BONUS, behaviour.DEPARTMENT_BONUS, np.float32(0))
    return np.asarray(
        sum(
            share * behaviour.click_chance(world.options, seen, np.asarray(bonus))
            for share, bonus in zip((exact, near, 1 - exact - near), bonuses, strict=True)
        )
    )


def _at(table: NDArray[np.float64], column: NDArray[np.int32]) -> NDArray[np.float64]:
    return np.asarray(table[np.arange(len(table)), column])


def _by_department(world: World, focus: NDArray[np.float64]) -> NDArray[np.float64]:
    start = np.flatnonzero(np.diff(world.geometry.department, prepend=-1))
    return np.asarray(np.add.reduceat(focus, start, axis=1))


def respond(world: World, users: Rows, lists: Rows, time_us: Rows, seed: int) -> Response:
    """Show lists to people and see what they do: the closed loop.

    Args:
        world: the world.
        users: int64 [B].
        lists: int64 [B, K] items, best first; -1 is an empty slot.
        time_us: int64 [B], microseconds since 1970.
        seed: of this call; another seed is another day, with the same people and other luck.

    Returns:
        Clicks, carts and purchases, False at empty slots.

    Raises:
        DataError: a user or item that the world does not have.
    """
    filled = lists >= 0
    _check(world, users, lists[filled])
    visit = (draws.bits(seed, "visit", np.arange(len(users))) >> np.uint64(16)).astype(np.int64)
    who = people(world, users, time_us)
    focus = draw_focus(world, who, time_us, visit)
    row, position = np.nonzero(filled)
    item = lists[row, position]
    seen = behaviour.opinion(world, who.of(row), item, time_us[row])
    intent = behaviour.intent_bonus(world, focus[row], world.catalogue.category[item])
    chance = behaviour.click_chance(world.options, seen, intent)
    click = chance * behaviour.examination(world.options, position)
    step = np.full(lists.shape, IMPRESSION, dtype=np.int8)
    step[row, position] = funnel(world, visit[row], position, seen, click)
    probability = np.zeros(lists.shape)
    probability[row, position] = click
    return Response(step >= VIEW, step >= CART, step == PURCHASE, probability)


def _check(world: World, users: Rows, items: Rows) -> None:
    for name, values, count in (
        ("users", users, world.options.users),
        ("items", items, len(world.catalogue)),
    ):
        wrong = values[(values < 0) | (values >= count)]
        if wrong.size:
            raise DataError(
                f"`{name}` must lie in 0 to {count - 1} in this world, received {wrong[0]}. "
                f"Raise `{name}` in the world's options or ask for another one."
            )
