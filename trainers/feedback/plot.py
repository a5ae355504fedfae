"""The picture of a comparison: measures over the rounds, and groups at the last one."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tfrs_models.durable import new_file
from trainers.feedback.measures import Measure
from trainers.feedback.panel import ACTIVITIES
from trainers.feedback.report import curves

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PLOT = "feedback.png"

_LINES: Mapping[str, str] = {
    "clicks": "clicks per list",
    "regret": "expected clicks below the best list",
    "coverage": "share of the catalogue shown",
    "gini": "Gini coefficient of exposure",
    "head_share": "share of the slots: popular head",
    "diversity_drift": "list diversity minus round 1",
    "miscalibration": "miscalibration (KL, nats)",
}
_BARS: Mapping[str, str] = {
    "head_share": "popular head by activity, last round",
    "diversity": "list diversity by activity, last round",
}
_COLUMNS = 3
_PANEL_INCHES = (4.0, 3.0)


def write_plot(measures: Sequence[Measure], folder: Path) -> None:
    """Write `feedback.png`."""
    from matplotlib.figure import Figure

    lines = (len(_LINES) + len(_BARS)) // _COLUMNS
    width, height = _PANEL_INCHES
    figure = Figure((width * _COLUMNS, height * lines), layout="constrained")
    axes = list(figure.subplots(lines, _COLUMNS).flat)
    for place, (metric, title) in zip(axes, _LINES.items(), strict=False):
        _draw_lines(place, curves(measures, metric), title)
    for place, (metric, title) in zip(axes[len(_LINES) :], _BARS.items(), strict=True):
        _draw_bars(place, measures, metric, title)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    with new_file(folder / PLOT) as file:
        figure.savefig(file, format="png", dpi=120)


def _draw_lines(axes: "Axes", by_policy: Mapping[str, Mapping[int, float]], title: str) -> None:
    for policy, values in by_policy.items():
        axes.plot(list(values), list(values.values()), marker=".", label=policy)
    axes.set_title(title, fontsize="medium")
    axes.set_xlabel("round")
    axes.locator_params(axis="x", integer=True)


def _draw_bars(axes: "Axes", measures: Sequence[Measure], metric: str, title: str) -> None:
    """Bars of the policies, in the colours of the lines, side by side in each group."""
    rounds = max(m.round for m in measures)
    by_group = [curves(measures, metric, f"activity={name}") for name in ACTIVITIES]
    policies = list(dict.fromkeys(m.policy for m in measures))
    width = 0.8 / len(policies)
    for index, policy in enumerate(policies):
        heights = [group.get(policy, {}).get(rounds, np.nan) for group in by_group]
        axes.bar(np.arange(len(ACTIVITIES)) + index * width, heights, width)
    axes.set_xticks(np.arange(len(ACTIVITIES)) + 0.4 - width / 2, ACTIVITIES)
    axes.set_title(title, fontsize="medium")
