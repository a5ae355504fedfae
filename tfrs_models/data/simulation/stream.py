"""The whole log in the order of time, in bounded memory."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from tfrs_models.data.simulation import clock
from tfrs_models.data.simulation.log import Log, concatenate, in_order, simulate
from tfrs_models.data.simulation.policy import Shelf, shelf
from tfrs_models.data.simulation.world import World

SESSIONS_PER_CHUNK = 2048
_WORKERS = 2


def stream(world: World, chunk: int = SESSIONS_PER_CHUNK) -> Iterator[Log]:
    """Every event of the window, in pieces that follow each other in time.

    What people would still do after the end of the window is not in the log.

    Args:
        world: the world.
        chunk: sessions computed at a time; it changes the size of the pieces, never an event.
    """
    waiting: list[Log] = []
    released = 0
    for new, final_before in _ahead(world, chunk):
        waiting.append(new)
        if final_before > released:
            released = final_before
            log = concatenate(waiting)
            final = log.time_us < final_before
            waiting = [log.take(~final)]
            yield in_order(log.take(final))


@dataclass(frozen=True)
class _Chunk:
    """Sessions `first` to `last`; no later chunk has an event before `final_before`."""

    today: Shelf
    first: int
    last: int
    final_before: int


def _ahead(world: World, chunk: int) -> Iterator[tuple[Log, int]]:
    """Simulate the chunks on two threads (NumPy frees the lock), hand them out in order."""
    running: deque[tuple[Future[Log], int]] = deque()
    with ThreadPoolExecutor(_WORKERS) as pool:
        for part in _chunks(world, chunk):
            job = pool.submit(simulate, world, part.today, part.first, part.last)
            running.append((job, part.final_before))
            if len(running) > _WORKERS:
                yield _result(*running.popleft())
        for done in running:
            yield _result(*done)


def _result(job: Future[Log], final_before: int) -> tuple[Log, int]:
    return job.result(), final_before


def _chunks(world: World, chunk: int) -> Iterator[_Chunk]:
    ends = world.session_ends
    first = 0
    for day in range(world.options.days):
        last = int(ends[(day + 1) * clock.CELLS_PER_DAY - 1])
        today = shelf(world, day)
        if len(today.item):
            for begin in range(first, last, chunk):
                end = min(begin + chunk, last)
                yield _Chunk(today, begin, end, _start_of(world, end))
        first = last


def _start_of(world: World, session: int) -> int:
    """The ten minutes in which a session starts; the window's end after the last session."""
    cell = int(np.searchsorted(world.session_ends, session, side="right"))
    return world.window[0] + cell * clock.CELL
