"""Who comes when, looking for what, and how many lists they ask for."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfrs_models.data.simulation import clock, draws
from tfrs_models.data.simulation.behaviour import focus_weights
from tfrs_models.data.simulation.population import People, attribute, joined_at, people
from tfrs_models.data.simulation.world import World

Rows = NDArray[np.int64]

MAX_REQUESTS = 8
_OWN_DEVICE = 0.85
_GAP_SECONDS = (30.0, 60.0)


@dataclass(frozen=True)
class Sessions:
    """S sessions.

    Attributes:
        id: int64 [S], number of the session in the world.
        user: int64 [S].
        start: int64 [S], microseconds.
        who: the users as they are at the start.
        focus: int64 [S], the category the session looks for.
        device: int64 [S].
    """

    id: Rows
    user: Rows
    start: Rows
    who: People
    focus: Rows
    device: Rows


def sessions(world: World, first: int, last: int) -> Sessions:
    """The sessions numbered `first` to `last` (exclusive) of users who have joined by then."""
    number = np.arange(first, last)
    cell = np.searchsorted(world.session_ends, number, side="right")
    within = draws.uniform(world.seed, "session_start", number)
    start = world.window[0] + ((cell + within) * clock.CELL).astype(np.int64)
    user = draws.pick(world.activity, draws.uniform(world.seed, "session_user", number))
    here = joined_at(world, user) <= start
    number, user, start = number[here], user[here], start[here]
    who = people(world, user, start)
    return Sessions(
        number, user, start, who, focus(world, who, start, number), _device(world, user, number)
    )


def focus(world: World, who: People, time_us: Rows, session_id: Rows) -> Rows:
    """The category [S] that each session looks for."""
    cumulative = np.cumsum(focus_weights(world, who.taste, time_us), axis=1)
    share = draws.uniform(world.seed, "session_focus", session_id)
    return draws.pick_rows(cumulative, np.arange(len(share)), share)


def _device(world: World, user: Rows, session_id: Rows) -> Rows:
    """The device [S]: mostly the user's own, now and then what another of their kind uses."""
    own = attribute(world, "device", user)
    other = attribute(world, "device", world.options.users + session_id)
    share = draws.uniform(world.seed, "session_device", session_id)
    return np.where(share < _OWN_DEVICE, own, other)


@dataclass(frozen=True)
class Requests:
    """R requests for a list.

    Attributes:
        session: int64 [R], row of the session.
        id: int64 [R], number of the request in the world.
        time_us: int64 [R], microseconds.
    """

    session: Rows
    id: Rows
    time_us: Rows


def requests(world: World, of: Sessions) -> Requests:
    """The requests of a block of sessions: a geometric number, half a minute or more apart."""
    more = 1.0 - 1.0 / world.options.requests_per_session
    luck = draws.uniform(world.seed, "session_length", of.id)
    ordinal = np.arange(MAX_REQUESTS)
    session, number = np.nonzero(luck[:, None] < more**ordinal)
    shortest, mean = _GAP_SECONDS
    wait = draws.uniform(world.seed, "request_gap", of.id[:, None], ordinal)
    gap = ((shortest - np.log1p(-wait) * mean) * clock.SECOND).astype(np.int64)
    gap[:, 0] = 0
    time_us = of.start[:, None] + np.cumsum(gap, axis=1)
    return Requests(session, of.id[session] * MAX_REQUESTS + number, time_us[session, number])
