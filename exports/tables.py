"""The tables of a bundle: the raw columns that the models read, ids, histories, popularity."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exports.savedmodels import ITEM_STATISTICS
from tfrs_models.data.dataset import FIRST_ROW, PreparedDataset
from tfrs_models.data.first_event import MISSING_TIME, first_event
from tfrs_models.data.statistics import item_statistics
from tfrs_models.features.columns import read_arrow
from tfrs_models.features.history import HISTORY, TIME, TYPE
from tfrs_models.features.spec import FeatureSpec, RawInput
from tfrs_models.features.tables import MICROSECONDS_A_SECOND
from tfrs_models.reranking.catalogue import FIRST_EVENT, POPULARITY

_BATCH = 16_384


def item_table(dataset: PreparedDataset, spec: FeatureSpec, known_until: int | None = None) -> Any:
    """All items as a `pyarrow.Table`; row i is item row i + 2 and position i of the index.

    Holds `item_id`, the raw columns as the models take them, the other columns as they are, and
    `popularity`, the number of positive events, and `first_event`, the time of the first event in
    seconds since 1970 UTC (null without one), unless the source has a column of that name; and
    `item_statistics`, what `tfrs_models.data.statistics` says of each at `known_until`,
    microseconds since 1970 UTC, by default at the end of the log.
    """
    import pyarrow.parquet as pq

    path = dataset.folder / "items.parquet"
    table = raw_table(path, [raw for raw in spec.raw_inputs if raw.table == "item"])
    others = [name for name in pq.read_schema(path).names if name not in table.column_names]
    for name, column in zip(others, pq.read_table(path, columns=others).columns, strict=True):
        table = table.append_column(name, column)
    for name, column in ((POPULARITY, _popularity), (FIRST_EVENT, _first_event)):
        if name not in table.column_names:
            table = table.append_column(name, column(dataset))
    return table.append_column(ITEM_STATISTICS, _statistics(dataset, known_until))


def _statistics(dataset: PreparedDataset, known_until: int | None) -> Any:
    import pyarrow as pa

    events = dataset.events
    positive = events.weight > 0
    end = int(events.time.max()) + 1 if known_until is None else known_until
    found = item_statistics(events.item[positive], events.time[positive], dataset.num_items, end)
    flat = pa.array(found[FIRST_ROW:].ravel())
    return pa.FixedSizeListArray.from_arrays(flat, found.shape[1])


def _popularity(dataset: PreparedDataset) -> Any:
    liked = dataset.events.item[dataset.events.weight > 0]
    return [np.bincount(liked, minlength=dataset.num_items)[FIRST_ROW:]]


def _first_event(dataset: PreparedDataset) -> Any:
    import pyarrow as pa

    seconds = first_event(dataset)[FIRST_ROW:]
    return pa.array(seconds, mask=seconds == MISSING_TIME)


def user_table(dataset: PreparedDataset, spec: FeatureSpec) -> Any:
    """All users as a `pyarrow.Table`, sorted by `user_id`.

    Holds `user_id`, the raw columns, `history` (the latest positive items that the model knows,
    oldest first, as many as it reads) and `seen` (every positive item, once). Both are lists
    of item ids by dictionary, whose codes are positions in the item table. Where the model reads
    them, `history_type` and `history_time` (seconds since 1970 UTC) go with the history.
    """
    import pyarrow.compute as pc

    path = dataset.folder / "users.parquet"
    table = raw_table(path, [raw for raw in spec.raw_inputs if raw.table == "user"])
    ids = raw_table(
        dataset.folder / "items.parquet", [raw for raw in spec.raw_inputs if raw.name == "item_id"]
    )
    names = ids.column("item_id").combine_chunks()
    order = pc.sort_indices(table.column("user_id")).to_numpy()
    table = table.take(order)
    for name, values, slices in _history_columns(dataset, spec, names):
        table = table.append_column(name, _lists(values, slices, order))
    items, *bounds = _seen(dataset)
    seen = _by_dictionary(items - FIRST_ROW, names)
    return table.append_column("seen", _lists(seen, bounds, order))


def write_users(table: Any, path: Path) -> None:
    """Write as an Arrow file: a server maps it, so that a look-up reads a few pages and no more."""
    import pyarrow as pa

    with pa.ipc.new_file(path, table.schema) as file:
        file.write_table(table.combine_chunks())


def raw_table(path: Path, columns: Sequence[RawInput]) -> Any:
    """The columns of a Parquet file as models take them, a `pyarrow.Table`."""
    import pyarrow as pa

    batches = [pa.table(arrays) for _, arrays in read_arrow(path, columns, _BATCH)]
    return pa.concat_tables(batches).combine_chunks()


Bounds = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Where the values of each user (the reserved rows left out) start and stop."""


def _history_columns(
    dataset: PreparedDataset, spec: FeatureSpec, names: Any
) -> Iterator[tuple[str, Any, Bounds]]:
    """Name, values of all users one after the other, and bounds of each column."""
    import pyarrow as pa

    events = dataset.events
    kept = (events.weight > 0) & (events.item < dataset.known_items)
    starts, stops = _bounds(events.user[kept], dataset)
    slices = np.maximum(starts, stops - spec.history.length), stops
    yield HISTORY, _by_dictionary(events.item[kept] - FIRST_ROW, names), slices
    if spec.history.num_types:
        types = pa.array(spec.history.event_types)
        yield TYPE, _by_dictionary(events.type[kept], types), slices
    if spec.history.num_gaps:
        yield TIME, pa.array(events.time[kept] // MICROSECONDS_A_SECOND), slices


def _seen(
    dataset: PreparedDataset,
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]:
    """Item rows of all users one after the other, and their bounds."""
    liked = dataset.events.weight > 0
    user, item = dataset.events.user[liked], dataset.events.item[liked]
    pairs = user.astype(np.int64) * dataset.num_items + item
    user, item = np.divmod(np.unique(pairs), dataset.num_items)
    return item.astype(np.int32), *_bounds(user, dataset)


def _bounds(user: NDArray[Any], dataset: PreparedDataset) -> Bounds:
    offsets = np.searchsorted(user, np.arange(FIRST_ROW, dataset.num_users + 1)).astype(np.int64)
    return offsets[:-1], offsets[1:]


def _lists(values: Any, bounds: Sequence[NDArray[np.int64]], order: NDArray[Any]) -> Any:
    """A list of values for each user, in the given order of users."""
    import pyarrow as pa

    starts, stops = bounds
    lengths = (stops - starts)[order]
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    within = np.arange(offsets[-1]) - np.repeat(offsets[:-1], lengths)
    chosen = values.take(pa.array(np.repeat(starts[order], lengths) + within))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), chosen)


def _by_dictionary(codes: NDArray[Any], names: Any) -> Any:
    """Names by code: a long log would not fit into one column of repeated strings."""
    import pyarrow as pa

    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), names)
