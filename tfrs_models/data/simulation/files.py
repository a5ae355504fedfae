"""The world as Parquet files, and its truth beside them on request."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tfrs_models.data.simulation import arrow
from tfrs_models.data.simulation.log import Log, no_events
from tfrs_models.data.simulation.population import taste
from tfrs_models.data.simulation.sink import Sink
from tfrs_models.data.simulation.stream import SESSIONS_PER_CHUNK, stream
from tfrs_models.data.simulation.world import World
from tfrs_models.durable import new_array

_BLOCK = 65_536


def write_world(world: World, folder: Path, chunk: int = SESSIONS_PER_CHUNK) -> int:
    """Write `events.parquet`, `items.parquet` and `users.parquet`.

    Args:
        world: the world.
        folder: where to, made when missing.
        chunk: sessions computed at a time; it changes no byte.

    Returns:
        Number of rows of `events.parquet`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    items, users = _blocks(world.options.items), _blocks(world.options.users)
    _write(folder / "items.parquet", (arrow.items_table(world, rows) for rows in items))
    _write(folder / "users.parquet", (arrow.users_table(world, rows) for rows in users))
    events = (arrow.events_table(world, log) for log in _logs(world, chunk))
    return _write(folder / "events.parquet", events)


def write_truth(world: World, folder: Path, chunk: int = SESSIONS_PER_CHUNK) -> int:
    """Write what nobody could observe: probabilities of each shown slot, and the vectors.

    `truth.parquet` has one row for each shown slot with `click_probability` (if examined),
    `examination` and `propensity`; `item_vectors.npy` float32 [N, D] and `user_vectors.npy`
    float32 [U, D] hold unit vectors, those of the users as they are when the window opens.

    Args:
        world: the world.
        folder: where to, made when missing.
        chunk: sessions computed at a time; it changes no byte.

    Returns:
        Number of rows of `truth.parquet`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "item_vectors.npy", world.catalogue.vector)
    _write_user_vectors(world, folder / "user_vectors.npy")
    truth = (arrow.truth_table(log) for log in _logs(world, chunk))
    return _write(folder / "truth.parquet", truth)


def _write_user_vectors(world: World, path: Path) -> None:
    shape = (world.options.users, world.options.dimensions)
    vectors = new_array(path, np.float32, shape)
    for rows in _blocks(world.options.users):
        user = np.arange(rows.start, rows.stop)
        vectors[rows] = taste(world, user, np.full(len(user), world.window[0]))
    vectors.flush()


def _logs(world: World, chunk: int) -> Iterator[Log]:
    """The log, opened by an empty piece: a world in which nobody comes has files too."""
    yield no_events()
    yield from stream(world, chunk)


def _blocks(count: int) -> Iterator[slice]:
    return (slice(i, min(i + _BLOCK, count)) for i in range(0, count, _BLOCK))


def _write(path: Path, tables: Iterator[Any]) -> int:
    with Sink(path) as sink:
        for table in tables:
            sink.add(table)
    return sink.rows
