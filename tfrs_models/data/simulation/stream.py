"""The whole log in the order of time, in bounded memory."""

from collections.abc import Iterator

import numpy as np

from tfrs_models.data.simulation import clock
from tfrs_models.data.simulation.log import Log, concatenate, in_order, simulate
from tfrs_models.data.simulation.policy import Shelf, shelf
from tfrs_models.data.simulation.world import World

SESSIONS_PER_CHUNK = 2048


def stream(world: World, chunk: int = SESSIONS_PER_CHUNK) -> Iterator[Log]:
    """Every event of the window, in pieces that follow each other in time.

    Args:
        world: the world.
        chunk: sessions computed at a time; it changes the size of the pieces, never an event.
    """
    waiting: list[Log] = []
    released = 0
    for new, final_before in _chunks(world, chunk):
        waiting.append(new)
        if final_before > released:
            released = final_before
            log = concatenate(waiting)
            final = log.time_us < final_before
            waiting = [log.take(~final)]
            yield in_order(log.take(final))


def _chunks(world: World, chunk: int) -> Iterator[tuple[Log, int]]:
    """Events of a chunk of sessions, and the time before which no later chunk has an event."""
    for day in range(world.options.days):
        today = shelf(world, day)
        if len(today.item):
            yield from _day(world, today, day, chunk)


def _day(world: World, today: Shelf, day: int, chunk: int) -> Iterator[tuple[Log, int]]:
    ends = world.session_ends
    first = int(ends[day * clock.CELLS_PER_DAY - 1]) if day else 0
    last = int(ends[(day + 1) * clock.CELLS_PER_DAY - 1])
    start, _ = world.window
    for begin in range(first, last, chunk):
        end = min(begin + chunk, last)
        cell = int(np.searchsorted(ends, end, side="right")) if end < ends[-1] else len(ends)
        yield simulate(world, today, begin, end), start + cell * clock.CELL
