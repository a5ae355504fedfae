"""Texts for logs and records: without secrets, on one line, not long."""

import os
import re
from collections.abc import Collection

HIDDEN = "***"
LONGEST = 500

_USER_INFO = re.compile(r"(?<=://)[^\s/?#]*@")
_QUERY = re.compile(r"(://[^\s?#]*[?#])\S*")
_SECRET_NAME = re.compile("SECRET|TOKEN|PASSW|CREDENTIAL|KEY", re.IGNORECASE)
_SHORTEST_GUESSED = 8


def redact(text: str, names: Collection[str] = ()) -> str:
    """Hide user info and query of every URL, and the values of secret environment variables.

    Args:
        text: anything, such as what a hook printed.
        names: environment variables that hold secrets, besides those whose name says so.

    Returns:
        One line of at most `LONGEST` printable characters.
    """
    for secret in sorted(_secrets(names), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    text = _QUERY.sub(rf"\1{HIDDEN}", _USER_INFO.sub(f"{HIDDEN}@", text))
    line = " ".join(text.split())
    return "".join(c if c.isprintable() else "?" for c in line[:LONGEST])


def _secrets(names: Collection[str]) -> set[str]:
    named = {os.environ.get(name, "") for name in names}
    guessed = {value for name, value in os.environ.items() if _SECRET_NAME.search(name)}
    return (named | {value for value in guessed if len(value) >= _SHORTEST_GUESSED}) - {""}
