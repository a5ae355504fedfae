"""What training computes for requests of the log of events: users, contexts, histories, times.

Legend: E events, Q requests.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from configs.errors import DataError
from configs.features import Table
from tfrs_models.data.dataset import FIRST_ROW, Events, PreparedDataset
from tfrs_models.features.history import HISTORY, TIME, TYPE
from tfrs_models.features.spec import RawInput
from tfrs_models.features.tables import MICROSECONDS_A_SECOND, read_table, table_path
from tfrs_models.metrics.rows import Rows
from trainers.retraining.ask import item_ids
from trainers.retraining.skew.inputs import KEY, RequestInputs, listed

if TYPE_CHECKING:
    import pyarrow as pa


def trained_features(
    dataset: PreparedDataset, inputs: RequestInputs, requests: "pa.Array"
) -> "pa.Table":
    """The raw inputs of requests as training reads them.

    The moment of a request is that of its first event. Its context is that of this event, and its
    history holds what its user took strictly before.

    Args:
        dataset: the prepared dataset.
        inputs: the columns that are made.
        requests: texts, the ids of requests; those that the dataset lacks are passed over.

    Returns:
        `request_id` and the inputs, one row for each request that the dataset has.

    Raises:
        DataError: the events have no `request_id`, none of the requests, or one of several users.
    """
    import pyarrow as pa

    asked, event = _first_events(dataset, requests)
    users = dataset.events.user[event] - FIRST_ROW
    columns = {KEY.name: requests.take(pa.array(asked))}
    columns |= _taken(dataset, "user", inputs.of("user"), users)
    columns |= _taken(dataset, "context", inputs.of("context"), event)
    return pa.table(columns | _histories(dataset, inputs, event))


def _first_events(
    dataset: PreparedDataset, requests: "pa.Array"
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Places of the requests that the dataset has, and the first event of each, ascending: [Q]."""
    events, place = dataset.events, _places(dataset, requests)
    found = np.flatnonzero(place >= 0)
    if not len(found):
        raise DataError(
            f"no event of the prepared dataset has a `{KEY.name}` of the log, such as "
            f"{requests[0].as_py()!r}. Its events reach from {_day(events.time.min())} to "
            f"{_day(events.time.max())}: give a log of requests of that time, or another `--run`."
        )
    in_order = found[np.lexsort((events.time[found], place[found]))]
    asked, first = np.unique(place[in_order], return_index=True)
    _refuse_shared(requests, place[in_order], events.user[in_order])
    event = in_order[first]
    ascending = np.argsort(event)
    return asked[ascending], event[ascending]


def _places(dataset: PreparedDataset, requests: "pa.Array") -> NDArray[np.int64]:
    """Place among the requests of each event's, [E]; -1 where it is none of them."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    path = table_path(dataset, "context")
    if KEY.name not in pq.read_schema(path).names:
        raise DataError(
            f"the events have no column `{KEY.name}`, so requests that were served cannot be found "
            "among them: log it with each event, map it in `data.files.event_table.columns` where "
            "it has another name, and retrain."
        )
    blocks = (
        pc.index_in(block[KEY.name], value_set=requests, skip_nulls=True)
        for block in read_table(dataset, "context", [KEY])
    )
    return np.concatenate([pc.fill_null(one, -1).to_numpy().astype(np.int64) for one in blocks])


def _refuse_shared(requests: "pa.Array", place: NDArray[np.int64], user: NDArray[np.int32]) -> None:
    """Requests of several users; both columns are in the order of the requests."""
    shared = (place[1:] == place[:-1]) & (user[1:] != user[:-1])
    if shared.any():
        name = requests[int(place[np.argmax(shared)])].as_py()
        raise DataError(
            f"the `{KEY.name}` {name!r} stands at events of several users, so it names no request: "
            "give each request an id of its own."
        )


def _day(time_us: Any) -> str:
    return str(np.datetime64(int(time_us), "us").astype("datetime64[s]"))


def _taken(
    dataset: PreparedDataset,
    table: Table,
    columns: Sequence[RawInput],
    rows: NDArray[np.integer],
) -> "dict[str, pa.ChunkedArray]":
    """The columns of chosen rows, which ascend; [Q] each."""
    import pyarrow as pa

    parts, start = [], 0
    for arrays in read_table(dataset, table, columns) if columns else ():
        block = pa.table(arrays)
        first, last = np.searchsorted(rows, [start, start + len(block)])
        parts.append(block.take(pa.array(rows[first:last] - start)))
        start += len(block)
    taken = pa.concat_tables(parts) if parts else pa.table({})
    return {name: taken[name] for name in taken.column_names}


def _histories(
    dataset: PreparedDataset, inputs: RequestInputs, event: NDArray[np.int64]
) -> "dict[str, pa.ListArray]":
    """What the user of each event took before its moment, the latest known items: [Q]."""
    import pyarrow as pa

    if not inputs.lists:
        return {}
    events = dataset.events
    known = (events.item >= FIRST_ROW) & (events.item < dataset.known_items)
    taken = np.flatnonzero((events.weight > 0) & known)
    rows = _before(
        taken, dataset.offsets[events.user[event]], _moments(events)[event], inputs.length
    )
    values = {
        HISTORY: pa.array(item_ids(dataset)).take(pa.array(events.item[taken])),
        TYPE: pa.array(dataset.event_types).take(pa.array(events.type[taken])),
        TIME: pa.array(events.time[taken] // MICROSECONDS_A_SECOND),
    }
    return listed(rows, {one.name: values[one.name] for one in inputs.lists})


def _moments(events: Events) -> NDArray[np.intp]:
    """First event of the same user and time as each: [E]."""
    changes = (np.diff(events.user) != 0) | (np.diff(events.time) != 0)
    return np.maximum.accumulate(np.where(np.r_[True, changes], np.arange(len(events)), 0))


def _before(
    taken: NDArray[np.intp], first: NDArray[np.int64], end: NDArray[np.intp], length: int
) -> Rows:
    """Places of the last `length` of the taken events from `first` to before `end`, [Q] each."""
    stop = np.searchsorted(taken, end)
    start = np.maximum(np.searchsorted(taken, first), stop - length)
    indptr = np.concatenate([[0], np.cumsum(stop - start)])
    places = np.arange(indptr[-1]) + np.repeat(start - indptr[:-1], stop - start)
    return Rows(indptr, places.astype(np.int32))
