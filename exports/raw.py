"""Raw inputs of exported models as NumPy arrays; missing is "", NaN or -1."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exports.loader import Input

MISSING: Mapping[str, Any] = {"string": "", "float32": np.nan, "int64": -1}
_NUMPY: Mapping[str, Any] = {"string": object, "float32": np.float32, "int64": np.int64}


def missing_rows(described: Input, rows: int) -> NDArray[Any]:
    """Rows without a value, for an input that a request leaves out."""
    shape = [rows if size is None else size for size in described.shape]
    return np.full(shape, MISSING[described.dtype], _NUMPY[described.dtype])


def missing_lists(described: Input, rows: int, width: int) -> NDArray[Any]:
    """Rows of lists without a value, [rows, width], for an input whose lists have any length."""
    return np.repeat(missing_rows(described, rows)[:, :1], width, axis=1)


def raw_columns(table: Any, inputs: Mapping[str, Input]) -> dict[str, NDArray[Any]]:
    """The columns of an Arrow table that are inputs.

    Args:
        table: a `pyarrow.Table` with the raw columns as `exports.tables` writes them.
        inputs: inputs of a model; those that are no column of the table are left out.
    """
    names = [name for name in inputs if name in table.column_names]
    return {name: _column(table.column(name), inputs[name]) for name in names}


def _column(column: Any, described: Input) -> NDArray[Any]:
    if len(described.shape) > 1:
        return _vectors(column, described)
    filled = column.fill_null(MISSING[described.dtype])
    return np.asarray(filled.to_numpy(), _NUMPY[described.dtype])


def _vectors(column: Any, described: Input) -> NDArray[Any]:
    rows = missing_rows(described, len(column))
    flat = column.combine_chunks().flatten().to_numpy(zero_copy_only=False)
    rows[column.is_valid().to_numpy()] = flat.reshape(-1, rows.shape[1])
    return rows
