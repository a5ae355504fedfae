"""The equations by which a person judges, examines, clicks and buys; see docs/simulator.md."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfrs_models.data.simulation import clock
from tfrs_models.data.simulation.options import Options
from tfrs_models.data.simulation.population import People
from tfrs_models.data.simulation.world import World

Rows = NDArray[np.int64]
Floats = NDArray[np.float32]

INTENT_BONUS = np.float32(1.0)
DEPARTMENT_BONUS = np.float32(0.5)
FRESH_DAYS = 7.0
_FOCUS_PULL = np.float32(6.0)
_FUNNEL_PULL = np.float32(0.3)
_CACHED_ROWS = 32


@dataclass(frozen=True)
class Opinion:
    """What B people think of B items, in logits.

    Attributes:
        interest: float32 [B], taste and quality.
        price_fit: float32 [B], 0 for the preferred price, negative away from it.
        mood: float32 [B], season and freshness; the session's intent comes on top.
    """

    interest: Floats
    price_fit: Floats
    mood: Floats


def opinion(world: World, who: People, item: Rows, time_us: Rows) -> Opinion:
    """Opinions of people [B] of items [B] at times [B]."""
    items = world.catalogue
    affinity = np.asarray((who.taste * items.vector[item]).sum(axis=1))
    strength = np.float32(world.options.taste_strength)
    phase = world.geometry.season_phase[items.category[item]]
    return Opinion(
        interest=strength * affinity + items.quality[item],
        price_fit=-who.sensitivity * np.abs(items.price_score[item] - who.budget),
        mood=clock.season(world.options, phase, time_us)
        + np.float32(world.options.freshness_strength) * freshness(items.created_at[item], time_us),
    )


def freshness(created_at: Rows, time_us: Rows) -> Floats:
    """1 on arrival, falling by a factor e every 7 days."""
    age = np.maximum(time_us - created_at, 0)
    return np.asarray(np.exp(age * (-1.0 / (FRESH_DAYS * clock.DAY))), dtype=np.float32)


def intent_bonus(world: World, focus: Rows, category: NDArray[np.int32]) -> Floats:
    """Logit bonus of categories in a session that looks for `focus`; arguments broadcast."""
    department = world.geometry.department
    bonus = np.where(department[category] == department[focus], DEPARTMENT_BONUS, np.float32(0))
    return np.asarray(np.where(category == focus, INTENT_BONUS, bonus))


def focus_weights(world: World, taste: Floats, time_us: Rows) -> NDArray[np.float64]:
    """Unnormalised probability [B, C] that a session at [B] looks for each category."""
    geometry = world.geometry
    season = clock.season(world.options, geometry.season_phase[None, :], time_us[:, None])
    return np.asarray(
        np.exp(_FOCUS_PULL * dots(taste, geometry.category) + season), dtype=np.float64
    )


def click_chance(options: Options, seen: Opinion, intent: Floats) -> Floats:
    """Probability [B] that an examined item is clicked."""
    base = _logit(options.click_rate)
    return sigmoid(base + seen.interest + seen.price_fit + seen.mood + intent)


def cart_chance(options: Options, seen: Opinion) -> Floats:
    """Probability [B] that a clicked item goes into the cart."""
    base = _logit(options.cart_rate)
    return sigmoid(base + _FUNNEL_PULL * (seen.interest + seen.price_fit))


def purchase_chance(options: Options, seen: Opinion) -> Floats:
    """Probability [B] that an item in the cart is bought."""
    base = _logit(options.purchase_rate)
    return sigmoid(base + _FUNNEL_PULL * seen.interest + seen.price_fit)


def stars(seen: Opinion, noise: Floats) -> Floats:
    """Ratings [B] from 1 to 5 of bought items."""
    return np.asarray(np.clip(np.rint(2.0 + 0.4 * seen.interest + seen.price_fit + noise), 1, 5))


def examination(options: Options, position: Rows) -> NDArray[np.float64]:
    """Probability [B] that the slot at a position, from 0, is looked at."""
    return np.asarray((position + 1.0) ** -options.position_bias, dtype=np.float64)


def sigmoid(logit: Floats) -> Floats:
    """1 / (1 + exp(-logit))."""
    return np.asarray(np.float32(1) / (np.float32(1) + np.exp(-logit)))


def dots(left: Floats, right: Floats) -> Floats:
    """Inner products [B, n] of rows [B, D] and [n, D], one dimension after the other.

    A matrix product would be faster, but its last bits depend on the number of rows in the call,
    and then the world would depend on the chunk size.
    """
    columns = np.ascontiguousarray(right.T)
    total = np.zeros((len(left), len(right)), dtype=np.float32)
    term = np.empty_like(total[:_CACHED_ROWS])
    for first in range(0, len(left), _CACHED_ROWS):
        block = left[first : first + _CACHED_ROWS]
        part = total[first : first + _CACHED_ROWS]
        for d, column in enumerate(columns):
            np.multiply(block[:, d : d + 1], column, out=term[: len(block)])
            part += term[: len(block)]
    return total


def _logit(probability: float) -> np.float32:
    return np.float32(np.log(probability / (1.0 - probability)))
