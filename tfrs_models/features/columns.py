"""From a Parquet column to raw values: the one conversion that fitting and encoding share.

Whole numbers become text without a decimal point, so that a column read as floating point because
of missing values still gives "55105"; a number that is not finite is missing.
"""

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from configs.errors import ConfigError, DataError
from tfrs_models.features.feature_type import MISSING, MISSING_TIME, Raw
from tfrs_models.features.spec import RawInput

LARGEST_WHOLE = 2.0**53
SECONDS_A_DAY = 86_400
UNITS_A_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_NEEDS = {"string": "text or numbers", "float32": "numbers", "int64": "times or whole seconds"}


def check_column(path: Path, name: str, kind: str, column: RawInput) -> None:
    """Check that a feature's column is there and holds what the feature's type reads.

    Raises:
        ConfigError: no such column.
        DataError: the column holds something else.
    """
    import pyarrow.parquet as pq

    schema = pq.read_schema(path)
    where = f"the feature `{name}` ({kind}) reads the column `{column.name}` of `{path.name}`"
    if column.name not in schema.names:
        near = difflib.get_close_matches(column.name, schema.names, n=1)
        hint = f" Did you mean `{near[0]}`?" if near else ""
        raise ConfigError(
            f"{where}, which is not there.{hint} Columns: {', '.join(schema.names)}. "
            "Name one of them as `column`, or remove the feature."
        )
    found = schema.field(column.name).type
    needs = unmet_need(found, column)
    if needs is not None:
        raise DataError(
            f"{where}, which holds {found}, but the type needs {needs}: choose another type for "
            "the feature (`categorical` for text, `multi_valued` for lists) or mend the column"
        )


def unmet_need(found: Any, column: RawInput) -> str | None:
    """What a column must hold, where an Arrow type does not; None where it does."""
    if _accepts(found, Raw(column.dtype, column.width, column.separator)):
        return None
    return f"lists of {column.width} numbers" if column.width else _NEEDS[column.dtype]


def _accepts(found: Any, raw: Raw) -> bool:
    from pyarrow import types

    if types.is_dictionary(found):
        return _accepts(found.value_type, raw)
    number = types.is_integer(found) or types.is_floating(found) or types.is_decimal(found)
    if types.is_null(found):
        return True
    if _is_list(found):
        inner = Raw(raw.dtype)
        return bool(raw.width or raw.separator) and _accepts(found.value_type, inner)
    if raw.width:
        return False
    if raw.dtype == "string":
        return not (types.is_nested(found) or types.is_binary(found))
    if raw.dtype == "float32":
        return bool(number or types.is_boolean(found))
    return bool(number or types.is_timestamp(found) or types.is_date(found))


def _is_list(found: Any) -> bool:
    from pyarrow import types

    return bool(
        types.is_list(found) or types.is_large_list(found) or types.is_fixed_size_list(found)
    )


def read_arrow(
    path: Path, columns: Sequence[RawInput], rows: int
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Stream the number of rows, `rows` at most, and their Arrow arrays by column.

    Arrays are string, float32, int64 or lists of float32. Null is missing, and nothing else is.
    """
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(rows, columns=[column.name for column in columns]):
            arrays = {c.name: convert(batch.column(c.name), c) for c in columns}
            yield batch.num_rows, arrays


def to_numpy(array: Any, column: RawInput) -> NDArray[Any]:
    """Raw tensor, `[n]` or `[n, W]`, of an array of `read_arrow`: str objects, float32 or int64."""
    import pyarrow.compute as pc

    if column.width:
        matrix = np.full((len(array), column.width), np.nan, np.float32)
        matrix[array.is_valid().to_numpy(zero_copy_only=False)] = (
            array.flatten().to_numpy(zero_copy_only=False).reshape(-1, column.width)
        )
        return matrix
    values: NDArray[Any] = pc.fill_null(array, MISSING[column.dtype]).to_numpy(zero_copy_only=False)
    return values


def convert(array: Any, column: RawInput) -> Any:
    """An Arrow array as `read_arrow` gives it, of a type that has no unmet need."""
    from pyarrow import types

    if types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if types.is_null(array.type):
        array = array.cast("float32")
    if column.width:
        return _vectors(array, column)
    if column.dtype == "string":
        return _strings(array, column.separator)
    return _numbers(array) if column.dtype == "float32" else _seconds(array)


def _strings(array: Any, separator: str | None) -> Any:
    import pyarrow.compute as pc
    from pyarrow import types

    if _is_list(array.type):
        return _not_empty(_joined(array, separator or ""))
    text = _number_text(array) if types.is_floating(array.type) else array.cast("string")
    return _not_empty(pc.fill_null(text, ""))


def _not_empty(text: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.if_else(pc.equal(text, ""), pa.scalar(None, "string"), text)


def _joined(array: Any, separator: str) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    lengths = pc.fill_null(pc.list_value_length(array), 0).to_numpy()
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    elements = pc.fill_null(_strings(array.flatten(), None), "")
    return pc.binary_join(pa.ListArray.from_arrays(offsets, elements), separator)


def _number_text(array: Any) -> Any:
    import pyarrow.compute as pc

    array = _finite(array.cast("float64"))
    whole = pc.and_(pc.equal(pc.floor(array), array), pc.less(pc.abs(array), LARGEST_WHOLE))
    integers = pc.if_else(whole, array, 0.0).cast("int64")
    return pc.if_else(whole, integers.cast("string"), array.cast("string"))


def _finite(array: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.if_else(pc.is_finite(array), array, pa.scalar(None, array.type))


def _numbers(array: Any) -> Any:
    from pyarrow import types

    if types.is_decimal(array.type):
        array = array.cast("float64")
    if types.is_boolean(array.type):
        array = array.cast("uint8")
    return _finite(array.cast("float32", safe=False))


def _seconds(array: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import types

    if types.is_timestamp(array.type):
        units = array.cast("int64").fill_null(0).to_numpy()
        seconds = pa.array(np.floor_divide(units, UNITS_A_SECOND[array.type.unit]))
    elif types.is_date(array.type):
        seconds = pc.multiply(array.cast("date32").cast("int32").cast("int64"), SECONDS_A_DAY)
    elif types.is_integer(array.type):
        seconds = array.cast("int64")
    else:
        array = _finite(array.cast("float64"))
        seconds = pc.floor(array).cast("int64", safe=False)
    known = pc.and_(array.is_valid(), pc.not_equal(seconds, MISSING_TIME))
    return pc.if_else(known, seconds, pa.scalar(None, "int64"))


def _vectors(array: Any, column: RawInput) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    if not _is_list(array.type):  # a column without any value
        return pa.nulls(len(array), pa.list_(pa.float32()))
    wrong = pc.fill_null(pc.not_equal(pc.list_value_length(array), column.width), False)
    if pc.any(wrong).as_py():
        row = pc.index(wrong, True).as_py()
        raise DataError(
            f"the column `{column.name}` of table `{column.table}` holds a vector of "
            f"{len(array[row])} numbers, but the feature declares `width: {column.width}`: "
            f"{str(array[row].as_py())[:80]}. Correct `width` or the vector."
        )
    return array.cast(pa.list_(pa.float32()))
