"""Faults of settings: put into words, and gathered, so that one run lists all of them.

A `Fault` (pydantic's `InitErrorDetails`) is a path of keys, a text and the received value. A
`ValidationError` raised inside a validator joins the faults of the section around it.
"""

import difflib
from collections.abc import Callable, Collection, Iterable
from typing import TypeAlias, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

Path = tuple[int | str, ...]
Fault: TypeAlias = InitErrorDetails
T = TypeVar("T")

_OURS = "setting"
_LONGEST_VALUE = 60


def advice(name: str, choices: Collection[str]) -> str:
    """The nearest choice, when there is one, and all of them."""
    if not choices:
        return "None is built in"
    near = difflib.get_close_matches(name, choices, n=1)
    question = f"Did you mean `{near[0]}`? " if near else ""
    return f"{question}Choose one of {', '.join(choices)}"


def short(value: object) -> str:
    """A received value as error texts show it."""
    text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}..."


def fault(path: Path, text: str, value: object = None) -> Fault:
    """A fault in our own words."""
    return Fault(type=PydanticCustomError(_OURS, text), loc=path, input=value)


def unknown_key(path: Path, value: object, keys: Collection[str]) -> Fault:
    """The fault of a key, the last of `path`, that its section does not have."""
    text = f"there is no such key; received {short(value)}. {advice(str(path[-1]), keys)}."
    return fault(path, text, value)


def report(title: str, faults: Iterable[Fault]) -> ValidationError:
    """One error for all faults of the section `title`."""
    return ValidationError.from_exception_data(title, list(faults))


def of(error: ValidationError, path: Path = (), keys: Collection[str] = ()) -> list[Fault]:
    """The faults of an error, in words and below `path`; `keys` are those its section knows."""
    return [_reworded(details, path, keys) for details in error.errors(include_url=False)]


def attempt(faults: list[Fault], call: Callable[[], T], path: Path = (), key: str = "") -> T | None:
    """The result of `call`; or None, with its faults appended below `path`.

    A plain `ValueError` becomes a fault of the `key` below `path`.
    """
    try:
        return call()
    except ValidationError as error:
        faults.extend(of(error, path))
    except ValueError as error:
        faults.append(fault((*path, key) if key else path, str(error)))
    return None


def describe(details: ErrorDetails) -> str:
    """The broken rule and the received value, in a sentence."""
    if details["type"] == _OURS:
        return details["msg"]
    if details["type"] == "missing":
        return "this key is required."
    if details["type"] == "value_error":
        return f"{details['ctx']['error']}".removesuffix(".") + "."
    return f"{details['msg']}; received {short(details['input'])}."


def _reworded(details: ErrorDetails, path: Path, keys: Collection[str]) -> Fault:
    place = (*path, *details["loc"])
    if details["type"] == "extra_forbidden" and len(details["loc"]) == 1:
        return unknown_key(place, details["input"], keys)
    return fault(place, describe(details), details["input"])
