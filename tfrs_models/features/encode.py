"""Encode the tables of a prepared dataset once, for training: raw columns in, memory maps out."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from configs.errors import ArtifactError
from configs.features import Table
from tfrs_models.backend import tf
from tfrs_models.data.dataset import PreparedDataset
from tfrs_models.durable import new_array, new_folder, remove_unfinished
from tfrs_models.features.columns import to_numpy
from tfrs_models.features.encoder import FeatureEncoder
from tfrs_models.features.feature_type import MISSING
from tfrs_models.features.fit import KEYS
from tfrs_models.features.spec import RawInput
from tfrs_models.features.tables import TABLES, read_table, table_path

Encoded = Mapping[str, NDArray[Any]]
UNKNOWN_KEY = "\n"
"""An id that no vocabulary can hold: it has one id a line."""
MARKER = "encoded.json"
DTYPES = {"ids": np.int32, "dense": np.float32}
NUMPY: Mapping[str, Any] = {"string": object, "float32": np.float32, "int64": np.int64}


@dataclass(frozen=True)
class EncodedTables:
    """Encoded features by table and name, memory-mapped: int32 `[rows, M]` or float32 `[rows, W]`.

    Attributes:
        user: `num_users` rows; row 0 is a missing user, row 1 an unknown one without attributes.
        item: `num_items` rows, the same for items.
        context: one row for each event.
    """

    user: Encoded
    item: Encoded
    context: Encoded


def encode_tables(encoder: FeatureEncoder, dataset: PreparedDataset, folder: Path) -> EncodedTables:
    """Encode users, items and event contexts into `folder`, one subfolder a table.

    A table that is there already for the same spec and dataset is read, so a run that was stopped
    goes on with the next table.

    Raises:
        ArtifactError: a table has another number of rows than the dataset says.
    """
    return EncodedTables(**{t: _encoded_table(encoder, dataset, t, folder / t) for t in TABLES})


def _encoded_table(
    encoder: FeatureEncoder, dataset: PreparedDataset, table: Table, folder: Path
) -> Encoded:
    names = [f.name for f in encoder.spec.table(table)]
    marker = json.dumps({"fingerprint": _fingerprint(encoder, dataset)})
    path = folder / MARKER
    if not (path.exists() and path.read_text(encoding="utf-8") == marker):
        remove_unfinished(folder.parent)
        with new_folder(folder) as partial:
            _write_table(encoder, dataset, table, partial)
            (partial / MARKER).write_text(marker, encoding="utf-8")
    return {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in names}


def _fingerprint(encoder: FeatureEncoder, dataset: PreparedDataset) -> str:
    text = f"{encoder.spec.fingerprint} {dataset.fingerprint}"
    return hashlib.sha256(text.encode()).hexdigest()


def _write_table(
    encoder: FeatureEncoder, dataset: PreparedDataset, table: Table, folder: Path
) -> None:
    features = encoder.spec.table(table)
    if not features:
        return
    sizes = {"user": dataset.num_users, "item": dataset.num_items, "context": len(dataset.events)}
    maps = {
        f.name: new_array(
            folder / f"{f.name}.npy", DTYPES[f.output.kind], (sizes[table], f.output.width)
        )
        for f in features
    }
    columns = [raw for raw in encoder.spec.raw_inputs if raw.table == table]
    rows = _fill(maps, _encoded_batches(encoder, table, _raw_batches(dataset, table, columns)))
    if rows != sizes[table]:
        raise ArtifactError(
            f"`{table_path(dataset, table)}` gives {rows} rows, the dataset says {sizes[table]}: "
            "prepare the data again"
        )
    for array in maps.values():
        array.flush()


def compile_encoder(encoder: FeatureEncoder, table: Table) -> Any:
    """`encoder.encode` of one table as one graph for batches of any size."""
    return tf.function(
        lambda raw: encoder.encode(table, raw), input_signature=[encoder.raw_signature(table)]
    )


def _encoded_batches(
    encoder: FeatureEncoder, table: Table, batches: Iterator[Mapping[str, NDArray[Any]]]
) -> Iterator[dict[str, NDArray[Any]]]:
    function = compile_encoder(encoder, table)
    for raw in batches:
        encoded = function({name: tf.constant(value) for name, value in raw.items()})
        yield {name: value.numpy() for name, value in encoded.items()}


def _fill(maps: Mapping[str, NDArray[Any]], batches: Iterator[dict[str, NDArray[Any]]]) -> int:
    start = 0
    for encoded in batches:
        stop = start + len(next(iter(encoded.values())))
        for name, value in encoded.items():
            room = maps[name][start:stop]
            room[:] = value[: len(room)]
        start = stop
    return start


def _raw_batches(
    dataset: PreparedDataset, table: Table, columns: Sequence[RawInput]
) -> Iterator[dict[str, NDArray[Any]]]:
    if table != "context":
        yield {column.name: _reserved_rows(column) for column in columns}
    for arrays in read_table(dataset, table, columns):
        yield {column.name: to_numpy(arrays[column.name], column) for column in columns}


def _reserved_rows(column: RawInput) -> NDArray[Any]:
    """Raw values of the missing and the unknown row: missing, but for the key of the latter."""
    shape = (2, column.width) if column.width else (2,)
    values = np.full(shape, MISSING[column.dtype], NUMPY[column.dtype])
    if column.name in KEYS:
        values[1] = UNKNOWN_KEY
    return values
