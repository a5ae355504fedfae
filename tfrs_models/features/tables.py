"""The tables of a prepared dataset as raw columns, and which of their rows are training rows.

The context column `timestamp` is the time of the event itself, as the dataset keeps it.
"""

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from configs.features import Table
from tfrs_models.data.dataset import FIRST_ROW, TRAIN, PreparedDataset
from tfrs_models.features.columns import check_column, read_arrow
from tfrs_models.features.feature_type import MISSING_TIME
from tfrs_models.features.spec import RawInput
from tfrs_models.features.training_column import TrainingColumn

TABLES: Sequence[Table] = get_args(Table)
FILES = {"user": "users.parquet", "item": "items.parquet", "context": "events.parquet"}
ROWS = 16_384
EVENT_TIME = "timestamp"
MICROSECONDS_A_SECOND = 1_000_000


def table_path(dataset: PreparedDataset, table: Table) -> Path:
    """The Parquet file of a table."""
    return dataset.folder / FILES[table]


def check_input(dataset: PreparedDataset, name: str, kind: str, column: RawInput) -> None:
    """Check that a feature's column is there and holds what the feature's type reads.

    Raises:
        ConfigError: no such column.
        DataError: the column holds something else.
    """
    if not _is_event_time(column):
        check_column(table_path(dataset, column.table), name, kind, column)


def read_table(
    dataset: PreparedDataset, table: Table, columns: Sequence[RawInput]
) -> Iterator[dict[str, Any]]:
    """Stream arrays by column, as `read_arrow` gives them."""
    stored = [column for column in columns if not _is_event_time(column)]
    start = 0
    for rows, arrays in read_arrow(table_path(dataset, table), stored, ROWS):
        if len(stored) < len(columns):
            arrays[EVENT_TIME] = _event_seconds(dataset, start, start + rows)
        start += rows
        yield arrays


def _is_event_time(column: RawInput) -> bool:
    return (column.table, column.name, column.dtype) == ("context", EVENT_TIME, "int64")


def training_column(dataset: PreparedDataset, column: RawInput) -> TrainingColumn:
    """The values of a column in the training rows.

    Those are the users and items of the vocabulary, and for the context the training events.
    """

    def reader() -> Any:
        import pyarrow as pa

        values = _training_values(dataset, column)
        first = next(values, pa.array([], column.dtype))
        schema = pa.schema([("value", first.type)])
        batches = (pa.record_batch([v], schema=schema) for v in itertools.chain([first], values))
        return pa.RecordBatchReader.from_batches(schema, batches)

    return TrainingColumn(reader, end_of_training(dataset))


def end_of_training(dataset: PreparedDataset) -> int:
    """Time of the last training event, in whole seconds since 1970 UTC."""
    training = dataset.events.split == TRAIN
    last = np.max(dataset.events.time, where=training, initial=np.iinfo(np.int64).min)
    return int(last) // MICROSECONDS_A_SECOND


def _event_seconds(dataset: PreparedDataset, start: int, stop: int) -> Any:
    import pyarrow as pa

    seconds = dataset.events.time[start:stop] // MICROSECONDS_A_SECOND
    return pa.array(seconds, mask=seconds == MISSING_TIME)


def _training_values(dataset: PreparedDataset, column: RawInput) -> Iterator[Any]:
    start = 0
    for arrays in read_table(dataset, column.table, [column]):
        array = arrays[column.name]
        kept = _is_training(dataset, column.table, start, start + len(array))
        yield array.filter(kept).drop_null()
        start += len(array)


def _is_training(
    dataset: PreparedDataset, table: Table, start: int, stop: int
) -> NDArray[np.bool_]:
    if table == "context":
        kept: NDArray[np.bool_] = np.asarray(dataset.events.split[start:stop]) == TRAIN
        return kept
    known = dataset.known_users if table == "user" else dataset.known_items
    return np.arange(start, stop) + FIRST_ROW < known
