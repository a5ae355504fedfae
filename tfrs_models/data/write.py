"""Write the events: Parquet with every column, then one memory-mapped array a column."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike

from configs.errors import DataError
from tfrs_models.data import sql
from tfrs_models.data.dataset import TRAIN
from tfrs_models.durable import new_array

if TYPE_CHECKING:
    import duckdb

BATCH_ROWS = 1 << 19
MAX_TYPES = 127


@dataclass(frozen=True)
class Column:
    """One array of `Events`: the Parquet column it comes from, its type, and what NULL becomes."""

    source: str
    dtype: DTypeLike
    missing: float | None = None


COLUMNS: Mapping[str, Column] = {
    "user": Column("user_row", np.int32),
    "item": Column("item_row", np.int32),
    "time": Column("timestamp", np.int64),
    "weight": Column("event_weight", np.float32),
    "value": Column("value", np.float32, missing=np.nan),
    "type": Column("event_type_code", np.int8),
    "position": Column("position", np.int16, missing=-1),
    "split": Column("split", np.int8),
}


def event_types(
    connection: "duckdb.DuckDBPyConnection", former: Sequence[str] = ()
) -> tuple[str, ...]:
    """Event types: the former ones in their order, then the most frequent in training first.

    Raises:
        DataError: there are more than an int8 can number.
    """
    found = sql.rows(
        connection,
        """
        SELECT event_type FROM split_events GROUP BY event_type
        ORDER BY count(*) FILTER (split = $train) DESC, event_type
        """,
        train=TRAIN,
    )
    types = tuple(dict.fromkeys([*former, *(kind for (kind,) in found)]))
    if len(types) > MAX_TYPES:
        raise DataError(
            f"the events have {len(types)} event types, more than {MAX_TYPES}, such as "
            f"`{types[0]}` and `{types[1]}`: map a coarser column to `event_type`"
        )
    return types


def write_events(
    connection: "duckdb.DuckDBPyConnection",
    types: Sequence[str],
    left_out: Sequence[str],
    path: Path,
) -> None:
    """Write `split_events` in the order (user row, time, item row), ties in source order.

    Users and items stand there by row alone: their ids would be most of what has to be sorted.

    Args:
        connection: where `split_events`, `user_id_rows` and `item_id_rows` live.
        types: event types in the order of their codes.
        left_out: free columns that became attributes of users or items.
        path: Parquet file to write.
    """
    internal = ("user_id", "item_id", "event_type", "event_time", "event_ordinal", *left_out)
    sql.run(
        connection,
        """
        COPY (
            SELECT users.entity_row AS user_row, items.entity_row AS item_row,
                   make_timestamp(event_time) AS "timestamp",
                   event_type::ENUM($types) AS event_type,
                   enum_code(event_type::ENUM($types))::TINYINT AS event_type_code,
                   events.* EXCLUDE ($internal)
            FROM split_events AS events
            JOIN user_id_rows AS users USING (user_id) JOIN item_id_rows AS items USING (item_id)
            ORDER BY users.entity_row, event_time, items.entity_row, event_ordinal
        ) TO $path (FORMAT parquet)
        """,
        types=sql.texts(types),
        internal=sql.names(internal),
        path=sql.text(path.as_posix()),
    )


def write_columns(events: Path, folder: Path) -> None:
    """Write one `.npy` a column of `Events`, batch by batch: memory does not grow with the events.

    Args:
        events: Parquet file of `write_events`.
        folder: existing folder for the arrays.
    """
    from pyarrow.parquet import ParquetFile

    with ParquetFile(events) as file:
        arrays = {
            name: new_array(folder / f"{name}.npy", column.dtype, (file.metadata.num_rows,))
            for name, column in COLUMNS.items()
        }
        start = 0
        for batch in file.iter_batches(BATCH_ROWS, columns=[c.source for c in COLUMNS.values()]):
            for name, column in COLUMNS.items():
                arrays[name][start : start + len(batch)] = _values(batch, column)
            start += len(batch)
    for array in arrays.values():
        array.flush()


def _values(batch: Any, column: Column) -> np.ndarray[Any, Any]:
    array = batch.column(column.source)
    if column.missing is not None:
        array = array.fill_null(column.missing)
    # Arrow hands times over as datetime64[us], the same eight bytes as int64.
    return np.asarray(array.to_numpy(zero_copy_only=False)).view(column.dtype)


def write_offsets(folder: Path, num_users: int) -> None:
    """Write `offsets.npy`: the first event of each user row, int64 [num_users + 1]."""
    user = np.load(folder / "user.npy", mmap_mode="r")
    offsets = np.searchsorted(user, np.arange(num_users + 1)).astype(np.int64)
    np.save(folder / "offsets.npy", offsets)
