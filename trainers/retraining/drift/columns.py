"""Which columns of two tables are compared, and what they hold."""

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from configs import faults
from configs.drift import DriftConfig
from configs.errors import DataError
from trainers.retraining.drift.alike import Clusters
from trainers.retraining.drift.histograms import Ints, lengths

if TYPE_CHECKING:
    import pyarrow as pa

Kind = Literal["names", "numbers"]


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


def column_kind(name: str, table: "pa.Table", settings: DriftConfig) -> Kind | None:
    """What the values of a column are, of its lists too; None where they cannot be compared."""
    kind = _kind(table.schema.field(name).type)
    return "names" if kind and name in settings.categorical else kind


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


def with_values(column: "pa.ChunkedArray") -> int:
    """Rows with at least one value."""
    if is_list(column.type):
        return int(np.count_nonzero(lengths(column)))
    kept = flat(column)
    return len(kept) - int(kept.null_count)


def clusters_of_values(column: "pa.ChunkedArray", clusters: Ints) -> Clusters:
    """The cluster of each value that `flat` finds, nulls left out.

    Args:
        column: of a window.
        clusters: int64 [N], of its rows.
    """
    import pyarrow.compute as pc

    if is_list(column.type):
        clusters = clusters[pc.list_parent_indices(column.combine_chunks()).to_numpy()]
    return Clusters(clusters[valid(flat(column))], with_values(column))


def clusters_of_lists(column: "pa.ChunkedArray", clusters: Ints) -> Clusters:
    """The cluster of each list; rows without one are left out."""
    own = clusters[valid(column)]
    return Clusters(own, len(own))


def valid(column: "pa.ChunkedArray") -> NDArray[np.bool_]:
    """Which values are there, bool [N]."""
    import pyarrow.compute as pc

    found: NDArray[np.bool_] = pc.is_valid(column).to_numpy()
    return found


def _check(name: str, reference: "pa.Table", current: "pa.Table", settings: DriftConfig) -> None:
    for title, table in (("reference", reference), ("current", current)):
        if name not in table.column_names:
            raise DataError(
                f"the {title} table has no column `{name}`, which is compared. "
                f"{faults.advice(name, table.column_names)}, or name it in `ignore`"
            )
    before, now = (column_kind(name, table, settings) for table in (reference, current))
    lists = [is_list(table.schema.field(name).type) for table in (reference, current)]
    if before is None or before != now or lists[0] != lists[1]:
        types = [str(table.schema.field(name).type) for table in (reference, current)]
        raise DataError(
            f"the column `{name}` must hold names, numbers, or lists of one of them, alike in both "
            f"tables, received {types[0]} and {types[1]}: cast it, or name it in `ignore`"
        )


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
