"""Lengths of time on the command line, such as `90m`, `26h` and `7d`."""

import re

import click

_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)([smhd])")


def duration(text: str) -> float:
    """Seconds of a number with one of the units s, m, h and d; the type of an option.

    Raises:
        click.BadParameter: it is none.
    """
    found = _DURATION.fullmatch(text)
    if found is None:
        raise click.BadParameter(
            f"a duration must be a number and s, m, h or d, such as 90m, 26h or 7d; received "
            f"{text!r}"
        )
    return float(found[1]) * _SECONDS[found[2]]
