"""The settings of a simulated world."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from configs.section import Section

Share = Annotated[float, Field(ge=0, le=1)]
Rate = Annotated[float, Field(gt=0, lt=1)]
Strength = Annotated[float, Field(ge=0, le=20)]


class Options(Section):
    """A simulated shop. The defaults are small enough to train on in a minute."""

    users: Annotated[int, Field(ge=2, le=10_000_000)] = 3000
    """Users, those who join during the window included."""
    items: Annotated[int, Field(ge=2, le=1_000_000)] = 1500
    """Items, those that arrive during the window included."""
    categories: Annotated[int, Field(ge=1, le=1000)] = 40
    """Leaf categories; every five share a department."""
    dimensions: Annotated[int, Field(ge=2, le=64)] = 16
    """Width of the latent taste and item vectors."""
    start: date = date(2025, 1, 1)
    """First day of the window (UTC). Fixed, so that a run can be repeated."""
    days: Annotated[int, Field(ge=1, le=3650)] = 60
    """Length of the window in days."""
    sessions_per_user: Annotated[float, Field(gt=0, le=10_000)] = 6.0
    """Mean number of sessions of a user who is there for the whole window."""
    requests_per_session: Annotated[float, Field(ge=1, le=8)] = 1.5
    """Mean number of lists shown in a session, before the cap of 8 (geometric)."""
    slots: Annotated[int, Field(ge=1, le=100)] = 8
    """Length of a shown list."""
    zipf_exponent: Annotated[float, Field(ge=0, le=3)] = 0.8
    """The item of popularity rank r is as attractive to the shop as r to the minus this."""
    new_items: Share = 0.15
    """Share of the items that arrive during the window, uniformly in time."""
    new_users: Share = 0.2
    """Share of the users who join during the window, uniformly in time."""
    exploration_share: Share = 0.1
    """Share of the shown slots filled with a uniformly drawn item."""
    popularity_share: Share = 0.1
    """Share of the slots that are not explored and are filled by popularity alone."""
    position_bias: Annotated[float, Field(ge=0, le=5)] = 0.5
    """The slot at position p, from 0, is examined with probability (p + 1) to the minus this."""
    click_rate: Rate = 0.05
    """Click probability of an examined item that is neutral in every respect."""
    cart_rate: Rate = 0.35
    """Probability that a view of a neutral item leads to the cart."""
    purchase_rate: Rate = 0.4
    """Probability that a neutral item in the cart is bought."""
    taste_strength: Strength = 8.0
    """Logit of a perfect match of taste and item against no match."""
    content_share: Share = 0.5
    """Share of an item's latent vector that its category explains; the rest is its own."""
    taste_drift: Annotated[float, Field(ge=0, le=3)] = 0.15
    """Angle by which a taste turns in 30 days, in radians."""
    season_strength: Strength = 0.4
    """Amplitude of the yearly wave of each category, in logits."""
    freshness_strength: Strength = 0.5
    """Logit bonus of an item on the day it arrives; it fades by a factor e every 7 days."""
    value: Literal["price", "rating"] = "price"
    """`value` of a purchase: the price paid, or a rating from 1 to 5."""
    impressions: Literal["all", "clicked"] = "all"
    """`all` also writes the slots shown and not clicked, `clicked` only the clicked ones."""
