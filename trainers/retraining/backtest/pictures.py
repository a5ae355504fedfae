"""Pictures of a backtest: quality over time, against cost, and by the age of the model."""

from collections.abc import Iterator, Sequence
from itertools import cycle, product
from typing import TYPE_CHECKING

from trainers.report.svg import COLOURS, bars, drawn, short
from trainers.retraining.backtest.freshness import AgeResult
from trainers.retraining.backtest.summary import PolicyResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LINES = ("o-", "s--", "^:")
_OFFSET = (6, 5)  # points
_WIDE, _HIGH = 8.0, 3.6  # inches
_SMALL = (5.0, 3.6)
_DAYS = 8  # labels of an axis of days


def over_time(policies: Sequence[PolicyResult], metric: str) -> str:
    """A line for each policy."""

    def draw(axes: list["Axes"]) -> None:
        for policy, (line, colour) in zip(policies, _styles(), strict=False):
            known = [one for one in policy.steps if metric in one.means]
            places = [one.step.number for one in known]
            values = [one.means[metric] for one in known]
            axes[0].plot(places, values, line, color=colour, label=short(policy.name), markersize=4)
        steps = [one.step for one in policies[0].steps]
        every = max(1, len(steps) // _DAYS)
        axes[0].set_xticks(
            [step.number for step in steps[::every]], [step.day for step in steps[::every]]
        )
        axes[0].set_ylabel(metric)
        axes[0].legend()

    return drawn(f"time {metric}", draw, 1, _WIDE, _HIGH)


def against_cost(policies: Sequence[PolicyResult], metric: str) -> str:
    """A point for each policy."""

    def draw(axes: list["Axes"]) -> None:
        for policy, (line, colour) in zip(policies, _styles(), strict=False):
            at = (sum(policy.seconds), policy.means[metric])
            axes[0].plot(*at, line[0], color=colour)
            axes[0].annotate(short(policy.name), at, _OFFSET, textcoords="offset points")
        axes[0].margins(0.2)
        axes[0].set_xlabel("seconds of training in all")
        axes[0].set_ylabel(f"mean {metric}")

    return drawn(f"cost {metric}", draw, 1, *_SMALL)


def by_age(ages: Sequence[AgeResult], metric: str) -> str:
    """The difference to a new model, with its interval, over the age."""
    known = [one for one in ages if metric in one.differences]
    found = [one.differences[metric] for one in known]

    def draw(axes: list["Axes"]) -> None:
        means = [one.mean for one in found]
        ends = bars(means, [one.low for one in found], [one.high for one in found])
        days = [one.age_days for one in known]
        axes[0].errorbar(days, means, ends, fmt="o-", color=COLOURS[0], capsize=3)
        axes[0].axhline(0.0, color="black", linewidth=0.8)
        axes[0].set_xlabel("age of the model, days")
        axes[0].set_ylabel(f"difference in {metric}")

    return drawn(f"age {metric}", draw, 1, *_SMALL)


def _styles() -> Iterator[tuple[str, str]]:
    """Line and colour of one policy after the other."""
    return cycle(product(_LINES, COLOURS))
