"""Raw inputs of many users at once, from the user table of a bundle.

Legend: B users, L the longest of their histories.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from exports.loader import Input
from exports.raw import missing_lists, missing_rows, raw_columns

Rows = dict[str, NDArray[Any]]

# As `tfrs_models.features.history` names them, which a server does not import.
_LISTS = ("history", "history_type", "history_time")
_REQUEST_TIME = "timestamp"


def user_rows(users: Any, inputs: Mapping[str, Input], now: int) -> Rows:
    """The inputs of a request by column, [B], histories [B, L]; what a user lacks is missing.

    Args:
        users: rows of the user table, a `pyarrow.Table`.
        inputs: columns of users and contexts and histories.
        now: time of the requests, seconds since 1970 UTC.
    """
    plain = {name: one for name, one in inputs.items() if name not in _LISTS}
    rows = {name: missing_rows(described, len(users)) for name, described in plain.items()}
    rows |= raw_columns(users, plain)
    if _REQUEST_TIME in rows:
        rows[_REQUEST_TIME][:] = now
    carried = [name for name in _LISTS if name in inputs]
    return rows | {n: padded(users.column(n).to_pylist(), inputs[n]) for n in carried}


def padded(lists: Sequence[Sequence[Any]], described: Input) -> NDArray[Any]:
    """Lists as rows of one length, at least 1, filled with what is missing."""
    rows = missing_lists(described, len(lists), max([1, *map(len, lists)]))
    for row, values in enumerate(lists):
        rows[row, : len(values)] = values
    return rows
