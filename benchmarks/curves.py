"""Recall over seconds of training: how it is recorded, compared and drawn."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from rich.table import Table

Curve = list[tuple[float, float]]
"""Seconds of training and recall, in the order of time."""


class Course:
    """Records a curve; the clock runs from here on and stands still while recall is measured."""

    def __init__(self) -> None:
        self.curve: Curve = []
        self._start = time.perf_counter()

    def record(self, measure: Callable[[], float]) -> float:
        """Add a point with the seconds so far and what `measure` returns; returns that too."""
        stopped = time.perf_counter()
        recall = measure()
        self.curve.append((round(stopped - self._start, 3), round(recall, 5)))
        self._start += time.perf_counter() - stopped
        return recall


def seconds_to(curve: Curve, recall: float) -> float | None:
    """Seconds of the first point with at least this recall; None when there is none."""
    return next((seconds for seconds, found in curve if found >= recall), None)


def time_ratio(ours: Curve, rival: Curve, recall: float) -> float | None:
    """Our seconds to a recall over the rival's; None when either never has it."""
    own, other = seconds_to(ours, recall), seconds_to(rival, recall)
    return None if own is None or other is None else round(own / other, 3)


def final(curve: Curve) -> float:
    """Recall of the last point."""
    return curve[-1][1]


def best(curve: Curve) -> float:
    """Highest recall of all points."""
    return max(recall for _, recall in curve)


def time_ratios(curves: Mapping[str, Curve]) -> dict[str, dict[str, float | None]]:
    """Our seconds over each rival's, to the rival's last and to its best recall."""
    own = curves["ours"]
    return {
        name: {
            "final": time_ratio(own, curve, final(curve)),
            "best": time_ratio(own, curve, best(curve)),
        }
        for name, curve in curves.items()
        if name != "ours"
    }


def table(curves: Mapping[str, Curve], title: str) -> Table:
    """Recalls of every system, its seconds to them, and ours to its best."""
    columns = ("system", "final", "seconds", "best", "seconds", "ours, seconds to this best")
    shown = Table(*columns, title=title)
    for name, curve in curves.items():
        highest = best(curve)
        own = seconds_to(curves["ours"], highest)
        shown.add_row(
            name,
            f"{final(curve):.4f}",
            f"{curve[-1][0]:.1f}",
            f"{highest:.4f}",
            f"{seconds_to(curve, highest):.1f}",
            "never" if own is None else f"{own:.1f}",
        )
    return shown


def draw(curves: Mapping[str, Curve], title: str, path: Path) -> None:
    """Write a picture of the curves, seconds on a logarithmic axis."""
    from matplotlib.figure import Figure

    figure = Figure((7, 4.5), layout="constrained")
    axes = figure.subplots()
    for name, curve in curves.items():
        axes.plot(*zip(*curve, strict=True), marker="o", markersize=3, label=name)
    axes.set_xscale("log")
    axes.set_xlabel("seconds of training, evaluations left out")
    axes.set_ylabel("recall@20 on the test part")
    axes.set_title(title)
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, format="png", dpi=120)
