"""The steps of time that models are scored on, one after the other."""

from dataclasses import dataclass
from datetime import datetime

from configs.errors import ConfigError
from tfrs_models.data.times import DAY, HOUR, from_datetime, to_iso

DEFAULT_STEPS = 14


@dataclass(frozen=True)
class Step:
    """A stretch of time whose events are scored before they may be learned.

    Attributes:
        number: from 1.
        start: microseconds since 1970 UTC.
        end: nothing at or after it belongs to the step.
    """

    number: int
    start: int
    end: int

    @property
    def day(self) -> str:
        """The day on which it begins, ISO 8601."""
        return to_iso(self.start)[:10]


@dataclass(frozen=True)
class Asked:
    """Which steps the user wants.

    Attributes:
        every: length of a step, microseconds.
        number: how many; None for `DEFAULT_STEPS`, or as many as fit between `start` and `end`.
        start: where the first one begins; UTC when it has no zone.
        end: where the last one ends; after the last event when missing.
    """

    every: int
    number: int | None = None
    start: datetime | None = None
    end: datetime | None = None

    def __post_init__(self) -> None:
        if None not in (self.number, self.start, self.end):
            raise ConfigError(
                "`--steps`, `--start` and `--end` were all given, and two of them say it: leave "
                "one out."
            )


def plan_steps(asked: Asked, last: int) -> list[Step]:
    """The steps, in order.

    Args:
        asked: by the user.
        last: time of the last event, microseconds since 1970 UTC.

    Raises:
        ConfigError: there are none.
    """
    number = asked.number or DEFAULT_STEPS
    end = _after(last, asked.every) if asked.end is None else from_datetime(asked.end)
    start = end - number * asked.every if asked.start is None else from_datetime(asked.start)
    if asked.start is not None and asked.end is not None:
        number = (end - start) // asked.every
    if number < 1:
        raise ConfigError(
            f"`--start` and `--end` must leave room for a step of `--every`; received "
            f"{to_iso(start)} and {to_iso(end)}. Move them apart, or shorten the steps."
        )
    edges = [start + place * asked.every for place in range(number + 1)]
    return [Step(n + 1, edges[n], edges[n + 1]) for n in range(number)]


def _after(last: int, every: int) -> int:
    """The next full day after the last event, or the next full hour where steps are shorter."""
    unit = DAY if every >= DAY else HOUR
    return (last // unit + 1) * unit
