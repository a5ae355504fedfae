"""Raw rows of a bundle's own tables: requests to warm a server up with, and to replay."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exports.loader import Input
from exports.raw import missing_lists, missing_rows, raw_columns
from exports.savedmodels import ITEM_STATISTICS, Encoder, query_signature
from exports.user_rows import Rows, user_rows
from tfrs_models.features.history import HISTORY, REQUEST_TIME, TIME, TYPE

_VISITORS = 2
_HISTORY = 3
"""Items of the history of a visitor."""


def sample_queries(encoder: Encoder, users: Any, items: Any, now: int, most: int) -> Rows:
    """Requests by column: some users of the table, and visitors who took the first items.

    Args:
        encoder: of the columns that a request has.
        users: the user table, a `pyarrow.Table`, or None.
        items: the item table.
        now: time of the requests, seconds since 1970 UTC.
        most: requests at most, above 2.
    """
    inputs = _described(query_signature(encoder))
    visitors = _visitors(inputs, items, now)
    if users is None:
        return visitors
    known = user_rows(users.slice(0, most - _VISITORS), inputs, now)
    return {name: _stacked(known[name], visitors[name], inputs[name]) for name in inputs}


def sample_items(encoder: Encoder, items: Any, most: int) -> Rows:
    """The first items of the table by column, with their statistics."""
    described = _described(encoder.raw_signature("item"))
    statistics = items.schema.field(ITEM_STATISTICS).type.list_size
    inputs = described | {ITEM_STATISTICS: Input("float32", (None, statistics))}
    return raw_columns(items.slice(0, most), inputs)


def _described(signature: Mapping[str, Any]) -> dict[str, Input]:
    return {name: Input.of(one) for name, one in signature.items()}


def _visitors(inputs: Mapping[str, Input], items: Any, now: int) -> Rows:
    rows = {name: missing_rows(described, _VISITORS) for name, described in inputs.items()}
    taken = items.column("item_id").slice(0, _HISTORY).to_pylist()
    for name in (one for one in (HISTORY, TYPE, TIME) if one in inputs):
        rows[name] = missing_lists(inputs[name], _VISITORS, len(taken))
    for name, value in ((HISTORY, taken), (TIME, now), (REQUEST_TIME, now)):
        if name in rows:
            rows[name][:] = value
    return rows


def _stacked(above: NDArray[Any], below: NDArray[Any], described: Input) -> NDArray[Any]:
    """One below the other; the narrower is filled with what is missing."""
    if above.ndim == 1 or above.shape[1] == below.shape[1]:
        return np.concatenate([above, below])
    width = max(above.shape[1], below.shape[1])
    found = missing_lists(described, len(above) + len(below), width)
    found[: len(above), : above.shape[1]] = above
    found[len(above) :, : below.shape[1]] = below
    return found
