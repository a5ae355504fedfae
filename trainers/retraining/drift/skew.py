"""Features that training saw against those that were served, for the same requests."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from configs.drift import DriftConfig
from configs.errors import DataError
from trainers.retraining.drift.alike import Window
from trainers.retraining.drift.columns import compared, is_list
from trainers.retraining.drift.compare import compare
from trainers.retraining.drift.findings import Mismatch, SkewReport, judged
from trainers.retraining.drift.measure import check_rows
from trainers.retraining.drift.pairs import pairs

if TYPE_CHECKING:
    import pyarrow as pa

Bools = NDArray[np.bool_]

DEFAULTS = DriftConfig()


def measure_skew(
    training: "pa.Table",
    logged: "pa.Table",
    key: str = "request_id",
    settings: DriftConfig = DEFAULTS,
) -> SkewReport:
    """Compare features request by request, and their distributions over the joined requests.

    Args:
        training: features as training computes them, one row a request.
        logged: features as they were served.
        key: column that names the request in both.
        settings: what is compared, and how far it may differ.

    Raises:
        DataError: a table is empty or lacks the key, a key stands twice, none is in both, or a
            column is missing or cannot be compared.
    """
    check_rows(training, logged)
    left, right = joined(training, logged, key)
    names = [name for name in compared(left, right, settings) if name != key]
    before, now = (Window.of(table, settings.cluster) for table in (left, right))
    found = [one for name in names for one in pairs(before, now, name, settings)]
    each = settings.significance / max(1, len(found))
    return SkewReport(
        (len(training), len(logged)),
        len(left),
        tuple(_mismatch(left[name], right[name], name, settings) for name in names),
        tuple(compare(one, settings, each) for one in found),
    )


def differing(left: "pa.ChunkedArray", right: "pa.ChunkedArray") -> Bools:
    """Where two columns differ, bool [N]: nulls equal nulls, NaN equals NaN, lists item by item.

    Args:
        left: N values of training.
        right: N served values; floats are compared in the narrower of the two types.
    """
    if is_list(left.type):
        return _lists_differ(left, right)
    return _values_differ(left, right)


def joined(training: "pa.Table", logged: "pa.Table", key: str) -> "tuple[pa.Table, pa.Table]":
    """The rows of both whose keys are in both, in the same order.

    Raises:
        DataError: a table lacks the key, a key stands twice, or none is in both.
    """
    import pyarrow.compute as pc

    left, right = _keys(training, key, "training"), _keys(logged, key, "logged")
    places = pc.index_in(right, value_set=left)
    known = pc.is_valid(places)
    if not pc.any(known).as_py():
        raise DataError(
            f"no `{key}` is in both tables, such as {left[0].as_py()!r} and {right[0].as_py()!r}: "
            "take the log of the window that the training rows are from"
        )
    return training.take(places.drop_null()), logged.filter(known)


def _keys(table: "pa.Table", key: str, title: str) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    if key not in table.column_names:
        raise DataError(
            f"the {title} table has no column `{key}` to join on, it has "
            f"{', '.join(table.column_names)}: log it, or give another `key`"
        )
    keys = table[key].cast(pa.string()).combine_chunks()
    if keys.null_count or len(pc.unique(keys)) < len(keys):
        raise DataError(
            f"each `{key}` must stand once in the {title} table, received {len(keys)} rows with "
            f"{len(pc.unique(keys.drop_null()))} different ones and {keys.null_count} nulls: "
            "drop the repeated rows"
        )
    return keys


def _mismatch(
    left: "pa.ChunkedArray", right: "pa.ChunkedArray", name: str, settings: DriftConfig
) -> Mismatch:
    count, limit = int(differing(left, right).sum()), settings.mismatch_of(name)
    verdict = judged(count / len(left) > limit, settings.action_of(name))
    return Mismatch(name, count, len(left), limit, verdict)


def _values_differ(left: Any, right: Any) -> Bools:
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = _common(left.type, right.type)
    left, right = left.cast(kind, safe=False), right.cast(kind, safe=False)
    if pa.types.is_float16(kind):  # Arrow compares none
        left, right = left.cast(pa.float32()), right.cast(pa.float32())
    unequal = pc.not_equal(left, right)
    if pa.types.is_floating(left.type):
        unequal = pc.and_not(unequal, pc.and_(pc.is_nan(left), pc.is_nan(right)))
    one_null = pc.xor(pc.is_null(left), pc.is_null(right))
    return _numpy(pc.or_(pc.fill_null(unequal, False), one_null))


def _common(left: Any, right: Any) -> Any:
    """The type in which two are compared: the narrower of two floats, text for names."""
    import pyarrow as pa

    types = pa.types
    if types.is_floating(left) and types.is_floating(right):
        return left if left.bit_width <= right.bit_width else right
    if types.is_integer(left) and types.is_integer(right):
        return pa.int64()
    numbers = [types.is_integer(one) or types.is_floating(one) for one in (left, right)]
    return pa.float64() if all(numbers) else pa.string()


def _lists_differ(left: Any, right: Any) -> Bools:
    import pyarrow.compute as pc

    left, right = left.combine_chunks(), right.combine_chunks()
    sizes = pc.list_value_length(left), pc.list_value_length(right)
    unequal = _values_differ(*sizes)
    same = np.flatnonzero(~unequal)
    left, right = left.take(same), right.take(same)
    items = _values_differ(pc.list_flatten(left), pc.list_flatten(right))
    rows = np.asarray(pc.list_parent_indices(left))
    unequal[same[rows[items]]] = True
    return unequal


def _numpy(column: Any) -> Bools:
    found: Bools = column.to_numpy(zero_copy_only=False).astype(np.bool_)
    return found
