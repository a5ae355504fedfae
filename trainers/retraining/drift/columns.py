"""Which columns of two tables are compared, and their distributions in the same places."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from configs import faults
from configs.drift import DriftConfig
from configs.errors import DataError
from trainers.retraining.drift.findings import Part
from trainers.retraining.drift.histograms import (
    Distribution,
    Floats,
    Numbers,
    count_categories,
    grid,
    histogram,
    lengths,
    merge_rare,
    numbers,
)
from trainers.retraining.drift.thresholds import Rows

if TYPE_CHECKING:
    import pyarrow as pa

Kind = Literal["names", "numbers"]


@dataclass(frozen=True)
class Pair:
    """Two distributions of one column, ready to be compared.

    Attributes:
        column: its name.
        part: its values, or the lengths of its lists.
        reference: before.
        current: now.
        rows: how many rows of each have a value; those of one list are not independent.
    """

    column: str
    part: Part
    reference: Distribution
    current: Distribution
    rows: Rows


def compared(reference: "pa.Table", current: "pa.Table", settings: DriftConfig) -> tuple[str, ...]:
    """Names of the columns that are compared, in the order of `watch` or of the reference.

    Raises:
        DataError: one is missing in a table, is of another kind there, or cannot be compared.
    """
    names = settings.watch or tuple(
        name
        for name in reference.column_names
        if name not in settings.ignore and _kind(reference.schema.field(name).type)
    )
    for name in names:
        _check(name, reference, current, settings)
    return names


def pairs(
    reference: "pa.Table", current: "pa.Table", name: str, settings: DriftConfig
) -> Iterator[Pair]:
    """The distributions of a column; those of the lengths too where it holds lists."""
    kind = _column_kind(name, reference, settings)
    a, b = reference[name], current[name]
    if is_list(a.type):
        yield _lengths(name, a, b, settings)
    rows = (with_values(a), with_values(b))
    a, b = flat(a), flat(b)
    if kind == "names":
        p, q = merge_rare(
            count_categories(a), count_categories(b), settings.max_values, settings.min_count
        )
        yield Pair(name, "values", p, q, rows)
    else:
        yield Pair(name, "values", *_histograms(numbers(a), numbers(b), settings), rows)


def is_list(kind: Any) -> bool:
    """Whether an Arrow type holds several values a row."""
    import pyarrow as pa

    return bool(
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )


def flat(column: "pa.ChunkedArray") -> "pa.ChunkedArray":
    """A column with the values of its lists as rows of their own, and NaN as missing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    values = pc.list_flatten(column) if is_list(column.type) else column
    if not pa.types.is_floating(values.type):
        return values
    return pc.if_else(pc.is_nan(values), pa.scalar(None, values.type), values)


def _lengths(name: str, a: "pa.ChunkedArray", b: "pa.ChunkedArray", settings: DriftConfig) -> Pair:
    before, now = lengths(a), lengths(b)
    p, q = _histograms(before, now, settings)
    return Pair(name, "lengths", p, q, (len(before), len(now)))


def _histograms(before: Floats, now: Floats, settings: DriftConfig) -> tuple[Numbers, Numbers]:
    """Both in buckets of nearly equal mass of the two together, none of them thinly filled.

    Buckets by one of them would hold its own chance, as with names.
    """
    filled = min(len(before), len(now)) // settings.min_count
    places = grid(np.concatenate([before, now]), min(settings.bins, max(2, filled)))
    return histogram(before, places), histogram(now, places)


def with_values(column: "pa.ChunkedArray") -> int:
    """Rows with at least one value."""
    if is_list(column.type):
        return int(np.count_nonzero(lengths(column)))
    kept = flat(column)
    return len(kept) - int(kept.null_count)


def _check(name: str, reference: "pa.Table", current: "pa.Table", settings: DriftConfig) -> None:
    for title, table in (("reference", reference), ("current", current)):
        if name not in table.column_names:
            raise DataError(
                f"the {title} table has no column `{name}`, which is compared. "
                f"{faults.advice(name, table.column_names)}, or name it in `ignore`"
            )
    before, now = (_column_kind(name, table, settings) for table in (reference, current))
    lists = [is_list(table.schema.field(name).type) for table in (reference, current)]
    if before is None or before != now or lists[0] != lists[1]:
        types = [str(table.schema.field(name).type) for table in (reference, current)]
        raise DataError(
            f"the column `{name}` must hold names, numbers, or lists of one of them, alike in both "
            f"tables, received {types[0]} and {types[1]}: cast it, or name it in `ignore`"
        )


def _column_kind(name: str, table: "pa.Table", settings: DriftConfig) -> Kind | None:
    kind = _kind(table.schema.field(name).type)
    return "names" if kind and name in settings.categorical else kind


def _kind(kind: Any) -> Kind | None:
    """What values of an Arrow type are; None where they cannot be compared."""
    import pyarrow as pa

    types = pa.types
    if is_list(kind) or types.is_dictionary(kind):
        return None if is_list(kind.value_type) else _kind(kind.value_type)
    if types.is_string(kind) or types.is_large_string(kind) or types.is_boolean(kind):
        return "names"
    numeric = types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)
    return "numbers" if numeric else None
