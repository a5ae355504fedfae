"""Columns of the world's files as Arrow tables."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfrs_models.data.simulation import words
from tfrs_models.data.simulation.catalogue import titles
from tfrs_models.data.simulation.log import EVENT_TYPES, IMPRESSION, VIEW, Log
from tfrs_models.data.simulation.population import attribute, joined_at
from tfrs_models.data.simulation.world import World

# A pyarrow array, column or table: pyarrow ships no types.
Arrow = Any


def events_table(world: World, log: Log) -> Arrow:
    """The log, without impressions when the options leave them out."""
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


def truth_table(log: Log) -> Arrow:
    """One row for each shown slot, joined to the events by request_id and position."""
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


def items_table(world: World, rows: slice) -> Arrow:
    """The items of some rows with their attributes."""
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


def users_table(world: World, rows: slice) -> Arrow:
    """The users of some rows with their attributes."""
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


def _names(names: Sequence[str], index: NDArray[np.integer[Any]]) -> Arrow:
    import pyarrow as pa

    return pa.array(names).take(pa.array(index))
