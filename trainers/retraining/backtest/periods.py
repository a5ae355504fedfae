"""Lengths of time by name: `daily`, `weekly`, `12h`, `3d`."""

import re
from collections.abc import Mapping

from configs import faults
from configs.errors import ConfigError
from tfrs_models.data.times import DAY, HOUR

NAMES: Mapping[str, int] = {"hourly": HOUR, "daily": DAY, "weekly": 7 * DAY, "monthly": 30 * DAY}
_UNITS = {"h": HOUR, "d": DAY}


def parse_period(text: str, option: str) -> int:
    """Microseconds of a period.

    Args:
        text: `hourly`, `daily`, `weekly`, `monthly` (30 days), or a number of hours or days.
        option: where it was given, for the message.

    Raises:
        ConfigError: it is none of these.
    """
    if text in NAMES:
        return NAMES[text]
    found = re.fullmatch(r"([1-9][0-9]{0,4})([hd])", text)
    if found is None:
        raise ConfigError(
            f"`{option}`: a period is a number of hours or days, such as `12h` or `3d`, or one of "
            f"{', '.join(NAMES)}; received {faults.short(text)}."
        )
    return int(found[1]) * _UNITS[found[2]]


def period_text(period: int) -> str:
    """Write a period of whole hours: `36h`, `3d`."""
    return f"{period // DAY}d" if period % DAY == 0 else f"{period // HOUR}h"
