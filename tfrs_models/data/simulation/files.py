"""The world as Parquet files: events, items, users and, on request, the truth."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfrs_models.data.simulation import words
from tfrs_models.data.simulation.catalogue import titles
from tfrs_models.data.simulation.log import EVENT_TYPES, IMPRESSION, VIEW, Log, no_events
from tfrs_models.data.simulation.population import attribute, joined_at, taste
from tfrs_models.data.simulation.sink import Sink
from tfrs_models.data.simulation.stream import SESSIONS_PER_CHUNK, stream
from tfrs_models.data.simulation.world import World

_BLOCK = 65_536
# A pyarrow array, column or table: pyarrow ships no types.
Arrow = Any


def write_world(world: World, folder: Path, chunk: int = SESSIONS_PER_CHUNK) -> int:
    """Write `events.parquet`, `items.parquet`, `users.parquet`; with `truth` also the truth.

    The truth is `truth.parquet`, one row for each shown slot (joined to the events by request_id
    and position), and the unit vectors `item_vectors.npy` float32 [N, D] and `user_vectors.npy`
    float32 [U, D], the latter as they are when the window opens.

    Args:
        world: the world.
        folder: where to, made when missing.
        chunk: sessions computed at a time; it changes no byte.

    Returns:
        Number of rows of `events.parquet`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "items.parquet", (_items(world, rows) for rows in _blocks(world.options.items)))
    _write(folder / "users.parquet", (_users(world, rows) for rows in _blocks(world.options.users)))
    if world.options.truth:
        _write_vectors(world, folder)
        return _write_events_and_truth(world, folder, chunk)
    return _write(folder / "events.parquet", (_events(world, log) for log in _logs(world, chunk)))


def _logs(world: World, chunk: int) -> Iterator[Log]:
    """The log, opened by an empty piece: a world in which nobody comes has files too."""
    yield no_events()
    yield from stream(world, chunk)


def _blocks(count: int) -> Iterator[slice]:
    return (slice(i, min(i + _BLOCK, count)) for i in range(0, count, _BLOCK))


def _write(path: Path, tables: Iterator[Arrow]) -> int:
    with Sink(path) as sink:
        for table in tables:
            sink.add(table)
    return sink.rows


def _write_events_and_truth(world: World, folder: Path, chunk: int) -> int:
    with Sink(folder / "events.parquet") as events, Sink(folder / "truth.parquet") as truth:
        for log in _logs(world, chunk):
            events.add(_events(world, log))
            truth.add(_truth(log))
    return events.rows


def _write_vectors(world: World, folder: Path) -> None:
    np.save(folder / "item_vectors.npy", world.catalogue.vector)
    shape = (world.options.users, world.options.dimensions)
    vectors = np.lib.format.open_memmap(folder / "user_vectors.npy", "w+", np.float32, shape)
    for rows in _blocks(world.options.users):
        user = np.arange(rows.start, rows.stop)
        vectors[rows] = taste(world, user, np.full(len(user), world.window[0]))
    vectors.flush()


def _events(world: World, log: Log) -> Arrow:
    import pyarrow as pa

    if world.options.impressions == "clicked":
        log = log.take(log.type != IMPRESSION)
    return pa.table(
        {
            "user_id": _ids("u", log.user),
            "item_id": _ids("i", log.item),
            "timestamp": _times(log.time_us),
            "event_type": _names(EVENT_TYPES, log.type),
            "value": pa.array(log.value, from_pandas=True),
            "request_id": _ids("r", log.request),
            "position": log.position,
            "device": _names(words.DEVICES, log.device),
        }
    )


def _truth(log: Log) -> Arrow:
    import pyarrow as pa

    log = log.take(log.type <= VIEW)
    return pa.table(
        {
            "request_id": _ids("r", log.request),
            "position": log.position,
            "user_id": _ids("u", log.user),
            "item_id": _ids("i", log.item),
            "clicked": log.type == VIEW,
            "click_probability": log.click_probability,
            "examination": log.examination,
            "propensity": log.propensity,
        }
    )


def _items(world: World, rows: slice) -> Arrow:
    import pyarrow as pa

    items, categories = world.catalogue, range(world.options.categories)
    category = items.category[rows]
    return pa.table(
        {
            "item_id": _ids("i", np.arange(rows.start, rows.stop)),
            "title": titles(items, rows),
            "category": _names([words.category(c) for c in categories], category),
            "department": _names([words.department(c) for c in categories], category),
            "brand": _names(words.BRANDS, items.brand[rows]),
            "price": items.price[rows],
            "created_at": _times(items.created_at[rows]),
        }
    )


def _users(world: World, rows: slice) -> Arrow:
    import pyarrow as pa

    user = np.arange(rows.start, rows.stop)
    return pa.table(
        {
            "user_id": _ids("u", user),
            "country": _names(words.COUNTRIES, attribute(world, "country", user)),
            "age_group": _names(words.AGE_GROUPS, attribute(world, "age_group", user)),
            "joined_at": _times(joined_at(world, user)),
        }
    )


def _ids(prefix: str, number: NDArray[np.int64]) -> Arrow:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.binary_join_element_wise(prefix, pa.array(number).cast(pa.string()), "")


def _times(time_us: NDArray[np.int64]) -> Arrow:
    import pyarrow as pa

    return pa.array(time_us).cast(pa.timestamp("us"))


def _names(names: tuple[str, ...] | list[str], index: NDArray[np.integer[Any]]) -> Arrow:
    import pyarrow as pa

    return pa.array(names).take(pa.array(index))
