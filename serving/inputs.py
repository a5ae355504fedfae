"""From a request to the raw inputs of the models: checked, completed, one row."""

import difflib
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from configs.errors import ConfigError
from configs.export import MAX_K
from exports.loader import Input
from exports.raw import missing_rows
from serving.request import Request

USER_ID = "user_id"
HISTORY = "history"
HISTORY_TYPE = "history_type"
HISTORY_TIME = "history_time"
TIMESTAMP = "timestamp"

_LARGEST = float(np.finfo(np.float32).max)

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class History:
    """A user's history, oldest first.

    Attributes:
        items: item ids.
        types: event type of each; "" is missing.
        times: time of each in seconds since 1970 UTC; -1 is missing.
    """

    items: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    times: tuple[int, ...] = ()

    @classmethod
    def of(cls, items: Sequence[str], types: Sequence[str], times: Sequence[int]) -> Self:
        """A history whose types and times may be left out."""
        size = len(items)
        return cls(tuple(items), tuple(types) or ("",) * size, tuple(times) or (-1,) * size)

    def where(self, keep: Callable[[str], bool]) -> Self:
        """The events of the items that a function keeps."""
        kept = [keep(item) for item in self.items]
        return type(self)(
            tuple(compress(self.items, kept)),
            tuple(compress(self.types, kept)),
            tuple(compress(self.times, kept)),
        )


def check_request(request: Request, inputs: Mapping[str, Input]) -> None:
    """Check everything about a request that does not need the bundle's tables.

    Args:
        request: what was asked.
        inputs: the inputs of the query model.

    Raises:
        ConfigError: names the field, the rule, the value and the way out.
    """
    if isinstance(request.k, bool) or not isinstance(request.k, int):
        raise _wrong("k", "a whole number", request.k)
    if not 1 <= request.k <= MAX_K:
        raise _wrong("k", f"from 1 to {MAX_K}", request.k)
    if request.user_id is not None:
        _check_text("user_id", request.user_id)
    _check_ids("history", request.history or ())
    _check_events(request)
    _check_ids("exclude", request.exclude)
    for name in request.features:
        _check_name(name, inputs.keys() - {USER_ID, HISTORY, HISTORY_TYPE, HISTORY_TIME})


def query_arrays(request: Request, stored: Arrays, history: History, inputs: Any) -> Arrays:
    """The inputs of the query model, one row each.

    Args:
        request: what was asked; its features come first.
        stored: what the bundle knows of the user, one row for each column.
        history: known items, oldest first.
        inputs: the inputs of the query model.

    Raises:
        ConfigError: a feature has a value of the wrong kind.
    """
    given = _given(request, inputs)
    arrays = {name: missing_rows(described, 1) for name, described in inputs.items()}
    arrays |= {name: row for name, row in stored.items() if name in arrays}
    arrays |= {name: one_row(name, value, inputs[name]) for name, value in given.items()}
    return arrays | {name: row for name, row in _history_rows(history).items() if name in inputs}


def _history_rows(history: History) -> Arrays:
    return {
        HISTORY: np.array([[*history.items]], object).reshape(1, -1),
        HISTORY_TYPE: np.array([[*history.types]], object).reshape(1, -1),
        HISTORY_TIME: np.array([[*history.times]], np.int64).reshape(1, -1),
    }


def one_row(name: str, value: Any, described: Input) -> NDArray[Any]:
    """One raw value as an input of one row; None is missing.

    Raises:
        ConfigError: the value is of another kind than the column.
    """
    rows = missing_rows(described, 1)
    if value is None:
        return rows
    if len(described.shape) > 1:
        rows[0] = _vector(name, value, rows.shape[1])
    else:
        rows[0] = _CHECKS[described.dtype](name, value)
    return rows


def _given(request: Request, inputs: Collection[str]) -> dict[str, Any]:
    given = dict(request.features)
    if TIMESTAMP in inputs:
        given.setdefault(TIMESTAMP, int(time.time()))
    if request.user_id is not None:
        given[USER_ID] = request.user_id
    return given


def _check_ids(field: str, ids: Any) -> None:
    if isinstance(ids, str) or not isinstance(ids, Sequence):
        raise _wrong(field, "a list of item ids", ids)
    for position, name in enumerate(ids):
        _check_text(f"{field}[{position}]", name)


def _check_events(request: Request) -> None:
    """What a history carries has one value an item, or none at all."""
    _check_ids("history_types", request.history_types)
    for position, seconds in enumerate(request.history_times):
        if _not_whole(seconds):
            raise _wrong(f"history_times[{position}]", "whole seconds since 1970 UTC", seconds)
    for field in ("history_types", "history_times"):
        given, items = len(getattr(request, field)), len(request.history or ())
        if given not in (0, items):
            raise _wrong(field, f"one value for each of the {items} items of `history`", given)


def _check_name(name: str, choices: Collection[str]) -> None:
    if name not in choices:
        near = difflib.get_close_matches(name, choices, n=1)
        hint = f" Did you mean `{near[0]}`?" if near else ""
        raise ConfigError(
            f"`features.{name}` is no feature of a request.{hint} "
            f"Choose from {', '.join(sorted(choices))}; the user is given as `user_id`."
        )


def _check_text(field: str, value: Any) -> None:
    if not isinstance(value, str):
        raise _wrong(field, "text", value)
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise _wrong(field, "text that UTF-8 can hold", value) from error


def _text(name: str, value: Any) -> Any:
    _check_text(f"features.{name}", value)
    return value


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(f"features.{name}", "a number", value)
    if not abs(value) <= _LARGEST:  # NaN compares false
        raise _wrong(f"features.{name}", "a finite number of 32 bits", value)
    return value


def _whole(name: str, value: Any) -> int:
    if _not_whole(value):
        raise _wrong(f"features.{name}", "whole seconds since 1970 UTC, in 64 bits", value)
    return int(value)


def _not_whole(value: Any) -> bool:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return not (whole and -(2**63) <= value < 2**63)


def _vector(name: str, value: Any, width: int) -> list[float]:
    if not isinstance(value, list | tuple) or len(value) != width:
        raise _wrong(f"features.{name}", f"a list of {width} numbers", value)
    return [_number(name, element) for element in value]


_CHECKS: Mapping[str, Any] = {"string": _text, "float32": _number, "int64": _whole}


def _wrong(field: str, rule: str, value: Any) -> ConfigError:
    missing = " Leave it out when it is missing." if field.startswith("features.") else ""
    return ConfigError(f"`{field}` must be {rule}, got {value!r:.80}.{missing}")
