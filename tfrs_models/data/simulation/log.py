"""The event log: what was shown, and what people did with it."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfrs_models.data.simulation import behaviour, clock, draws, policy
from tfrs_models.data.simulation.sessions import Requests, Sessions, requests, sessions
from tfrs_models.data.simulation.world import World

Rows = NDArray[np.int64]
Floats = NDArray[np.float32]

EVENT_TYPES = ("impression", "view", "cart", "purchase")
IMPRESSION, VIEW, CART, PURCHASE = range(4)

_LOOK_SECONDS = 2.0
_CART_SECONDS = (10.0, 60.0)
_PURCHASE_SECONDS = (60.0, 300.0)
_STARS_NOISE = np.float32(1.2)


@dataclass(frozen=True)
class Log:
    """E events. A shown slot is one row: a view when it was clicked, an impression when not.

    Attributes:
        request: int64 [E], number of the request.
        position: int16 [E], from 0.
        type: int8 [E], index into `EVENT_TYPES`.
        user: int64 [E].
        item: int64 [E].
        time_us: int64 [E], microseconds since 1970.
        value: float32 [E], price or rating of a purchase, else NaN.
        device: int8 [E].
        click_probability: float32 [E], of the item if examined, in this session.
        examination: float32 [E], probability that the slot is examined.
        propensity: float32 [E], probability that the policy put the item there.
    """

    request: Rows
    position: NDArray[np.int16]
    type: NDArray[np.int8]
    user: Rows
    item: Rows
    time_us: Rows
    value: Floats
    device: NDArray[np.int8]
    click_probability: Floats
    examination: Floats
    propensity: Floats

    def __len__(self) -> int:
        return len(self.user)

    def take(self, rows: Rows | NDArray[np.bool_]) -> "Log":
        """The rows given by number or by mask."""
        return Log(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


def concatenate(logs: list[Log]) -> Log:
    """One log after the other."""
    return Log(
        **{f.name: np.concatenate([getattr(log, f.name) for log in logs]) for f in fields(Log)}
    )


def no_events() -> Log:
    """A log without a row."""
    types = {"position": np.int16, "type": np.int8, "device": np.int8}
    types |= dict.fromkeys(("request", "user", "item", "time_us"), np.int64)
    return Log(**{f.name: np.empty(0, types.get(f.name, np.float32)) for f in fields(Log)})


def in_order(log: Log) -> Log:
    """Sorted by time, then request, position and stage of the funnel: a total order."""
    tie = (log.request * 128 + log.position) * 4 + log.type
    return log.take(np.lexsort((tie, log.time_us)))


def simulate(world: World, today: policy.Shelf, first: int, last: int) -> Log:
    """All events of the sessions numbered `first` to `last` (exclusive), in no order."""
    visits = sessions(world, first, last)
    asked = requests(world, visits)
    crowd = policy.audience(world, today, visits.who.taste, visits.focus)
    shown = policy.show(world, today, crowd, asked.session, asked.id)
    propensity = policy.propensity(world, today, crowd, asked.session, shown)
    return _react(world, visits, asked, shown, propensity.astype(np.float32))


def _react(
    world: World, visits: Sessions, asked: Requests, shown: policy.Shown, propensity: Floats
) -> Log:
    session = asked.session[shown.request]
    time_us = asked.time_us[shown.request]
    seen = behaviour.opinion(world, visits.who.of(session), shown.item, time_us)
    category = world.catalogue.category[shown.item]
    intent = behaviour.intent_bonus(world, visits.focus[session], category)
    chance = behaviour.click_chance(world.options, seen, intent)
    examined = behaviour.examination(world.options, shown.position)
    request = asked.id[shown.request]
    steps = funnel(world, request, shown.position, seen, chance * examined)
    slots = Log(
        request=request,
        position=shown.position.astype(np.int16),
        type=(steps >= VIEW).astype(np.int8),
        user=visits.user[session],
        item=shown.item,
        time_us=time_us,
        value=np.full(len(request), np.nan, dtype=np.float32),
        device=visits.device[session].astype(np.int8),
        click_probability=chance,
        examination=examined.astype(np.float32),
        propensity=propensity,
    )
    return follow(world, slots, steps, seen)


def funnel(
    world: World, request: Rows, position: Rows, seen: behaviour.Opinion, click: NDArray[np.float64]
) -> NDArray[np.int8]:
    """How far each shown slot [n] goes: IMPRESSION, VIEW, CART or PURCHASE."""
    chances: tuple[NDArray[Any], ...] = (
        click,
        behaviour.cart_chance(world.options, seen),
        behaviour.purchase_chance(world.options, seen),
    )
    step = np.zeros(len(request), dtype=np.int8)
    going = np.ones(len(request), dtype=bool)
    for name, chance in zip(EVENT_TYPES[1:], chances, strict=True):
        going &= draws.uniform(world.seed, name, request, position) < chance
        step += going
    return step


def follow(world: World, slots: Log, steps: NDArray[np.int8], seen: behaviour.Opinion) -> Log:
    """Add carts and purchases to shown slots, and the time people take for every step.

    Args:
        world: the world.
        slots: n shown slots, views and impressions; times of views are moved in place.
        steps: int8 [n], how far each goes, as `funnel` says.
        seen: what the users think of the items.
    """
    look = _delay(world, "look", slots, (_LOOK_SECONDS, _LOOK_SECONDS))
    view_at = slots.time_us + look * (slots.position + 1)
    cart_at = view_at + _delay(world, "cart", slots, _CART_SECONDS)
    purchase_at = cart_at + _delay(world, "purchase", slots, _PURCHASE_SECONDS)
    slots.time_us[steps >= VIEW] = view_at[steps >= VIEW]
    carts = np.flatnonzero(steps >= CART)
    bought = np.flatnonzero(steps == PURCHASE)
    return concatenate(
        [
            slots,
            _later(slots, carts, CART, cart_at, slots.value),
            _later(slots, bought, PURCHASE, purchase_at, _value(world, slots, seen)),
        ]
    )


def _delay(world: World, name: str, slots: Log, seconds: tuple[float, float]) -> Rows:
    shortest, mean = seconds
    luck = draws.uniform(world.seed, f"{name}_delay", slots.request, slots.position)
    return ((shortest - np.log1p(-luck) * mean) * clock.SECOND).astype(np.int64)


def _later(slots: Log, rows: Rows, step: int, time_us: Rows, value: Floats) -> Log:
    picked = slots.take(rows)
    return Log(
        **{
            **{f.name: getattr(picked, f.name) for f in fields(Log)},
            "type": np.full(len(rows), step, dtype=np.int8),
            "time_us": time_us[rows],
            "value": value[rows],
        }
    )


def _value(world: World, slots: Log, seen: behaviour.Opinion) -> Floats:
    if world.options.value == "price":
        return world.catalogue.price[slots.item]
    luck = draws.uniform(world.seed, "stars", slots.request, slots.position)
    return behaviour.stars(seen, _STARS_NOISE * (luck * 2 - 1).astype(np.float32))
