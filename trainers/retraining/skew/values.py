"""Raw values for people."""

from typing import Any

_WIDTH = 40
"""Characters of a value that are shown."""


def as_text(value: Any) -> str:
    """An Arrow scalar in few characters: the beginning of a text, the latest items of a list."""
    found = value.as_py()
    if found is None:
        return "missing"
    if isinstance(found, list):
        whole = ", ".join("missing" if one is None else _one(one) for one in found)
        return f"[{whole}]" if len(whole) <= _WIDTH else f"[... {whole[-_WIDTH:]}]"
    text = _one(found)
    return text if len(text) <= _WIDTH else f"{text[:_WIDTH]}..."


def _one(value: Any) -> str:
    """Numbers are those of float32, of which seven digits tell."""
    return f"{value:.7g}" if isinstance(value, float) else str(value)
