"""Numbers as cells of a table."""

from tfrs_models.evaluation.intervals import Interval
from trainers.report.markup import Cell

NONE = "-"


def mean(interval: Interval | None) -> Cell:
    """A mean with its interval; a dash when it is not defined."""
    if interval is None:
        return Cell(NONE)
    return Cell(f"{interval.mean:.4f}", _bounds(interval, ".4f"))


def difference(interval: Interval | None) -> Cell:
    """A difference with its sign, emphasized when its interval leaves out 0."""
    if interval is None:
        return Cell(NONE)
    return Cell(f"{interval.mean:+.4f}", _bounds(interval, "+.4f"), _leaves_out_zero(interval))


def number(value: float | None, digits: int = 4) -> str:
    """A number; a dash when it is not defined."""
    return NONE if value is None else f"{value:,.{digits}f}"


def _bounds(interval: Interval, shape: str) -> str:
    if interval.low is None or interval.high is None:
        return ""
    return f"[{interval.low:{shape}}, {interval.high:{shape}}]"


def _leaves_out_zero(interval: Interval) -> bool:
    if interval.low is None or interval.high is None:
        return False
    return interval.low > 0 or interval.high < 0
