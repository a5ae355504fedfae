"""What a round adds to a policy's log: what was shown and what came of it, and who asks next."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tfrs_models.data.simulation import arrow, behaviour
from tfrs_models.data.simulation.ground_truth import Response
from tfrs_models.data.simulation.log import VIEW, Log, follow, in_order
from tfrs_models.data.simulation.population import people
from tfrs_models.data.simulation.world import World
from trainers.feedback.panel import Panel, Visits

EVENTS, TRUTH = "events.parquet", "truth.parquet"
REQUEST = "request"
"""Type of the events that say who asks, when and on what; their weight is 0."""


def write_shown(
    world: World,
    panel: Panel,
    asked: Visits,
    lists: NDArray[np.int64],
    propensity: NDArray[np.float64],
    response: Response,
    folder: Path,
) -> None:
    """Write `events.parquet` and `truth.parquet` as the world writes its own.

    Args:
        world: the world.
        panel: the U users.
        asked: their visits.
        lists: int64 [U, K] items shown; -1 is an empty slot.
        propensity: float64 [U, K].
        response: what the users did, [U, K].
        folder: where to.
    """
    import pyarrow.parquet as pq

    slots, steps = _slots(world, panel, asked, lists, propensity, response)
    pq.write_table(arrow.truth_table(slots), folder / TRUTH)
    who = people(world, slots.user, slots.time_us)
    seen = behaviour.opinion(world, who, slots.item, slots.time_us)
    events = in_order(follow(world, slots, steps, seen))
    pq.write_table(arrow.events_table(world, events), folder / EVENTS)


def _slots(
    world: World,
    panel: Panel,
    asked: Visits,
    lists: NDArray[np.int64],
    propensity: NDArray[np.float64],
    response: Response,
) -> tuple[Log, NDArray[np.int8]]:
    """One row for each filled slot, and how far it went."""
    row, position = np.nonzero(lists >= 0)
    clicked = response.clicked[row, position]
    examined = behaviour.examination(world.options, position)
    chance = response.click_probability[row, position] / examined
    slots = Log(
        request=asked.request[row],
        position=position.astype(np.int16),
        type=clicked.astype(np.int8),
        user=panel.users[row],
        item=lists[row, position],
        time_us=asked.time_us[row],
        value=np.full(len(row), np.nan, np.float32),
        device=asked.device[row].astype(np.int8),
        click_probability=chance.astype(np.float32),
        examination=examined.astype(np.float32),
        propensity=propensity[row, position].astype(np.float32),
    )
    further = response.carted.astype(np.int8) + response.purchased
    return slots, clicked + further[row, position]


def write_requests(world: World, panel: Panel, asked: Visits, path: Path) -> None:
    """Write the requests of a round as events, which give a model the context of each.

    An event needs an item; it says nothing here.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    size = len(panel)
    empty = np.zeros(size, np.float32)
    log = Log(
        request=asked.request,
        position=np.zeros(size, np.int16),
        type=np.full(size, VIEW, np.int8),
        user=panel.users,
        item=np.zeros(size, np.int64),
        time_us=asked.time_us,
        value=np.full(size, np.nan, np.float32),
        device=asked.device.astype(np.int8),
        click_probability=empty,
        examination=empty,
        propensity=empty,
    )
    table = arrow.events_table(world, log)
    place = table.column_names.index("event_type")
    pq.write_table(table.set_column(place, "event_type", pa.array([REQUEST] * size)), path)
