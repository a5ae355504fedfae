"""From a request to the raw inputs of the models: checked, completed, one row."""

import difflib
import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from configs.errors import ConfigError
from exports.loader import Input
from exports.raw import missing_rows
from serving.request import MAX_K, Request

USER_ID = "user_id"
HISTORY = "history"
TIMESTAMP = "timestamp"

_LARGEST = float(np.finfo(np.float32).max)

Arrays = dict[str, NDArray[Any]]


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
    _check_ids("exclude", request.exclude)
    for name in request.features:
        _check_name(name, inputs.keys() - {USER_ID, HISTORY})


def query_arrays(request: Request, stored: Arrays, history: Sequence[str], inputs: Any) -> Arrays:
    """The inputs of the query model, one row each.

    Args:
        request: what was asked; its features come first.
        stored: what the bundle knows of the user, one row for each column.
        history: known item ids, oldest first.
        inputs: the inputs of the query model.

    Raises:
        ConfigError: a feature has a value of the wrong kind.
    """
    given = _given(request, inputs)
    arrays = {name: missing_rows(described, 1) for name, described in inputs.items()}
    arrays |= {name: row for name, row in stored.items() if name in arrays}
    arrays |= {name: one_row(name, value, inputs[name]) for name, value in given.items()}
    return arrays | {HISTORY: np.array([[*history]], object).reshape(1, -1)}


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
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong(f"features.{name}", "whole seconds since 1970 UTC", value)
    if not -(2**63) <= value < 2**63:
        raise _wrong(f"features.{name}", "a whole number of 64 bits", value)
    return value


def _vector(name: str, value: Any, width: int) -> list[float]:
    if not isinstance(value, list | tuple) or len(value) != width:
        raise _wrong(f"features.{name}", f"a list of {width} numbers", value)
    return [_number(name, element) for element in value]


_CHECKS: Mapping[str, Any] = {"string": _text, "float32": _number, "int64": _whole}


def _wrong(field: str, rule: str, value: Any) -> ConfigError:
    missing = " Leave it out when it is missing." if field.startswith("features.") else ""
    return ConfigError(f"`{field}` must be {rule}, got {value!r:.80}.{missing}")
