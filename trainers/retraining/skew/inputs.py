"""What a request says of who asks, when and where, and the histories of many requests.

Legend: Q requests, T items of their histories.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from configs.features import Table
from tfrs_models.features.feature_type import RawDtype
from tfrs_models.features.history import HISTORY, REQUEST_TIME, TIME, TYPE, HistorySpec
from tfrs_models.features.spec import FeatureSpec, RawInput
from tfrs_models.metrics.rows import Rows

if TYPE_CHECKING:
    import pyarrow as pa


def _context(name: str, dtype: RawDtype) -> RawInput:
    return RawInput(name, "context", dtype, 0, None)


KEY = _context("request_id", "string")


@dataclass(frozen=True)
class RequestInputs:
    """The raw inputs of a query.

    Attributes:
        plain: columns of users and contexts, and the time of the request.
        lists: what a history holds; each names a list of such values.
        length: latest known items of a history that the models read.
    """

    plain: tuple[RawInput, ...]
    lists: tuple[RawInput, ...]
    length: int

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(one.name for one in (*self.plain, *self.lists))

    def of(self, table: Table) -> tuple[RawInput, ...]:
        """Those of one table, without the history."""
        return tuple(one for one in self.plain if one.table == table)


def request_inputs(spec: FeatureSpec) -> RequestInputs:
    """What the models of a run read of a request."""
    plain = [one for one in spec.raw_inputs if one.table != "item"]
    history = spec.history
    if history.time_gaps and REQUEST_TIME not in [one.name for one in plain]:
        plain.append(_context(REQUEST_TIME, "int64"))
    return RequestInputs(tuple(plain), _lists(history), history.length)


def _lists(history: HistorySpec) -> tuple[RawInput, ...]:
    if not history.length:
        return ()
    carried = [_context(TYPE, "string")] if history.event_types else []
    times = [_context(TIME, "int64")] if history.time_gaps else []
    return (_context(HISTORY, "string"), *carried, *times)


def listed(rows: Rows, values: Mapping[str, Any]) -> "dict[str, pa.ListArray]":
    """Lists of each request by column, [Q].

    Args:
        rows: of each request, places among the values.
        values: Arrow arrays [T].
    """
    import pyarrow as pa

    ends, places = pa.array(rows.indptr, pa.int32()), pa.array(rows.items)
    return {n: pa.ListArray.from_arrays(ends, one.take(places)) for n, one in values.items()}
