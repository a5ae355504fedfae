"""Raw rows of a bundle's own tables: requests to warm a server up with, and to replay.

Legend: Q requests, L history length.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exports.loader import Input
from exports.raw import missing_rows, raw_columns
from exports.savedmodels import ITEM_STATISTICS, Encoder, query_signature
from tfrs_models.features.history import HISTORY, REQUEST_TIME, TIME

_VISITORS = 2
_HISTORY = 3
"""Items of the history of a visitor."""

Rows = dict[str, NDArray[Any]]


def sample_queries(encoder: Encoder, users: Any, items: Any, now: int, most: int) -> Rows:
    """Requests by column: some users of the table, and visitors who took the first items.

    Args:
        encoder: of the columns that a request has.
        users: the user table, a `pyarrow.Table`, or None.
        items: the item table.
        now: time of the requests, seconds since 1970 UTC.
        most: Q at most, above 2.
    """
    known = users.slice(0, most - _VISITORS) if users is not None else None
    inputs = _described(query_signature(encoder))
    rows = (len(known) if known is not None else 0) + _VISITORS
    found = {name: missing_rows(described, rows) for name, described in inputs.items()}
    if known is not None:
        plain = {n: one for n, one in inputs.items() if len(one.shape) == 1 and n != TIME}
        for name, column in raw_columns(known, plain).items():
            found[name][: len(column)] = column
    if REQUEST_TIME in found:
        found[REQUEST_TIME][:] = now
    return found | _histories(inputs, known, items, now)


def sample_items(encoder: Encoder, items: Any, most: int) -> Rows:
    """The first items of the table by column, with their statistics."""
    described = _described(encoder.raw_signature("item"))
    statistics = items.schema.field(ITEM_STATISTICS).type.list_size
    inputs = described | {ITEM_STATISTICS: Input("float32", (None, statistics))}
    return raw_columns(items.slice(0, most), inputs)


def _described(signature: Mapping[str, Any]) -> dict[str, Input]:
    return {name: Input(one.dtype.name, tuple(one.shape)) for name, one in signature.items()}


def _histories(inputs: Mapping[str, Input], known: Any, items: Any, now: int) -> Rows:
    """`history` and what it carries, [Q, L] each, padded."""
    taken = items.column("item_id").slice(0, _HISTORY).to_pylist()
    visitors = {HISTORY: taken, TIME: [now] * len(taken)}
    found = {}
    for name in (one for one in inputs if len(inputs[one].shape) > 1 and one.startswith(HISTORY)):
        lists = known.column(name).to_pylist() if known is not None else []
        found[name] = _padded([*lists, *[visitors.get(name, [])] * _VISITORS], inputs[name])
    return found


def _padded(lists: Sequence[Sequence[Any]], described: Input) -> NDArray[Any]:
    width = max(map(len, lists), default=0)
    rows = np.repeat(missing_rows(described, len(lists))[:, :1], width, axis=1)
    for row, values in enumerate(lists):
        rows[row, : len(values)] = values
    return rows
