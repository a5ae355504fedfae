"""The measures as a file and as a short table."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from rich.table import Table

from tfrs_models.durable import write_text
from trainers.feedback.measures import Measure
from trainers.feedback.panel import ALL

CSV = "feedback.csv"

_MEANS = ("clicks", "regret")
_LAST = ("coverage", "gini", "head_share", "diversity_drift", "miscalibration")
# What fits the 80 columns of a terminal.
_SHORT = {
    "coverage": "cover",
    "head_share": "head",
    "diversity_drift": "drift",
    "miscalibration": "KL",
}


def write_csv(measures: Sequence[Measure], folder: Path) -> None:
    """Write `feedback.csv`: policy, round, group, metric, value."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["policy", "round", "group", "metric", "value"])
    for m in measures:
        writer.writerow([m.policy, m.round, m.group, m.metric, f"{m.value:.6g}"])
    write_text(folder / CSV, text.getvalue())


def curves(
    measures: Sequence[Measure], metric: str, group: str = ALL
) -> dict[str, dict[int, float]]:
    """Value of a metric by policy and round; a policy without any is missing."""
    found: dict[str, dict[int, float]] = {}
    for m in measures:
        if m.metric == metric and m.group == group:
            found.setdefault(m.policy, {})[m.round] = m.value
    return found


def table(measures: Sequence[Measure]) -> Table:
    """Means over the rounds of clicks and regret, and the rest at the last round."""
    rounds = max(m.round for m in measures)
    columns: Mapping[str, dict[str, dict[int, float]]] = {
        metric: curves(measures, metric) for metric in (*_MEANS, *_LAST)
    }
    drawn = Table(title=f"Clicks and regret a list over {rounds} rounds, the rest in the last")
    drawn.add_column("policy", no_wrap=True)
    for metric in columns:
        drawn.add_column(_SHORT.get(metric, metric), justify="right", no_wrap=True)
    for policy in dict.fromkeys(m.policy for m in measures):
        means = [_shown(float(np.mean(list(columns[name][policy].values())))) for name in _MEANS]
        last = [_shown(columns[name].get(policy, {}).get(rounds)) for name in _LAST]
        drawn.add_row(policy, *means, *last)
    return drawn


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
