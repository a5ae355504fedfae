"""Pictures of distances, of distributions before and now, and of rows a day."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from trainers.report.svg import COLOURS, GREY, drawn, short
from trainers.retraining.drift.findings import ColumnDrift, DayVolume
from trainers.retraining.drift.histograms import Numbers
from trainers.retraining.drift.words import shares

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_VALUES = 12
_ALARM, _NOW = COLOURS[1], COLOURS[0]
_WIDTH = 7.0  # inches
_FAR = 1e300  # the span of axes must be a float64


def distances_picture(
    found: Sequence[ColumnDrift], title: Callable[[ColumnDrift], str]
) -> str | None:
    """A dot for each distance and a line for its threshold; None without a distance."""
    measured = [one for one in found if one.distance is not None]
    if not measured:
        return None

    def draw(axes: list["Axes"]) -> None:
        for row, one in enumerate(measured):
            colour = GREY if one.verdict == "ok" else _ALARM
            axes[0].plot([one.distance or 0.0], [row], "o", color=colour)
            axes[0].plot([one.threshold], [row], "|", color="black", markersize=12)
        axes[0].set_yticks(range(len(measured)), [short(title(one)) for one in measured])
        axes[0].set_ylim(len(measured) - 0.5, -0.5)
        axes[0].set_xlabel("distance")

    return drawn("distances", draw, 1, _WIDTH, 0.9 + 0.3 * len(measured))


def distribution_picture(name: str, one: ColumnDrift) -> str:
    """Both distributions of a column.

    Args:
        name: of the picture.
        one: a column with values on both sides.
    """

    def draw(axes: list["Axes"]) -> None:
        if isinstance(one.reference, Numbers) and isinstance(one.current, Numbers):
            _cumulative(axes[0], one.reference, GREY)
            _cumulative(axes[0], one.current, _NOW)
        else:
            _bars(axes[0], one)

    return drawn(name, draw, 1, _WIDTH, 2.8)


def days_picture(found: Sequence[DayVolume]) -> str:
    """A bar for each day and a line where its weekday was."""
    places = range(len(found))
    colours = [GREY if one.verdict == "ok" else _ALARM for one in found]

    def draw(axes: list["Axes"]) -> None:
        axes[0].bar(places, [one.rows for one in found], color=colours)
        axes[0].plot(places, [one.expected for one in found], "_", color="black", markersize=14)
        every = max(1, len(found) // 8)
        axes[0].set_xticks(places[::every], [f"{one.day:%m-%d}" for one in found[::every]])
        axes[0].set_ylabel("rows")

    return drawn("days", draw, 1, _WIDTH, 2.8)


def _bars(axes: "Axes", one: ColumnDrift) -> None:
    """Shares of the values that moved most, the most frequent first."""
    found = shares(one)
    moved = sorted(found, key=lambda name: -abs(found[name][1] - found[name][0]))[:_MOST_VALUES]
    moved.sort(key=lambda name: -max(found[name]))
    places = np.arange(len(moved))
    axes.bar(places - 0.2, [found[name][0] for name in moved], 0.4, color=GREY)
    axes.bar(places + 0.2, [found[name][1] for name in moved], 0.4, color=_NOW)
    axes.set_xticks(places, [short(name) for name in moved], rotation=30, ha="right")
    axes.set_ylabel("share of values")


def _cumulative(axes: "Axes", side: Numbers, colour: str) -> None:
    """Share of the values up to each number; points are jumps, infinite values are left out."""
    finite = [one for one in side.buckets if np.isfinite([one.low, one.high]).all()]
    ends = np.clip([end for one in finite for end in (one.low, one.high)], -_FAR, _FAR)
    counts = np.cumsum([0.0, *(one.count for one in finite)])
    axes.plot(ends, np.repeat(counts, 2)[1:-1] / side.total, color=colour)
    axes.set_ylabel("share of values up to here")
