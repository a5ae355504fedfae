"""Raw values for people."""

from typing import Any

_WIDTH = 40
"""Characters of a text that are shown."""
_LATEST = 3
"""Items of a list that are shown."""


def as_text(value: Any) -> str:
    """An Arrow scalar in few characters: the beginning of a text, the last items of a list."""
    found = value.as_py()
    if not isinstance(found, list):
        return _one(found)
    before = ["..."] if len(found) > _LATEST else []
    return f"[{', '.join([*before, *map(_one, found[-_LATEST:])])}]"


def _one(value: Any) -> str:
    if value is None:
        return "missing"
    if isinstance(value, float):  # of 32 bits, which hold seven digits
        return f"{value:.7g}"
    text = str(value)
    return text if len(text) <= _WIDTH else f"{text[:_WIDTH]}..."
