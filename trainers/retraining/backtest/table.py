"""The table that the command ends with."""

from collections.abc import Sequence

from rich.table import Table

from tfrs_models.evaluation.intervals import Interval
from trainers.retraining.backtest.scores import METRICS
from trainers.retraining.backtest.summary import PolicyResult, Summary


def table(summary: Summary) -> Table:
    """Quality of the last stage, number and seconds of trainings, mean age of the model in days."""
    stage = summary.metrics[0].partition(".")[0]
    drawn = Table(
        title=f"{len(summary.steps)} steps; {stage}, with the difference to "
        f"{summary.policies[0].name}"
    )
    drawn.add_column("policy", overflow="fold")
    for name in (*METRICS, "trained", "seconds", "age"):
        drawn.add_column(name, justify="right", no_wrap=True)
    for policy in summary.policies:
        cells = [_quality(policy, f"{stage}.{metric}") for metric in METRICS]
        drawn.add_row(policy.name, *cells, *_cost(policy))
    return drawn


def _quality(policy: PolicyResult, metric: str) -> str:
    if metric not in policy.means:
        return "-"
    mean = f"{policy.means[metric]:.4f}"
    found = policy.differences.get(metric)
    return mean if found is None else f"{mean}\n{_difference(found)}"


def _difference(found: Interval) -> str:
    mean = _short(found.mean)
    if found.low is None or found.high is None:
        return mean
    return f"{mean}\n{_short(found.low)}…{_short(found.high)}"


def _short(value: float) -> str:
    """With its sign and without a zero before the point: two intervals fit a terminal."""
    return f"{value:+.4f}".replace("0.", ".", 1)


def _cost(policy: PolicyResult) -> Sequence[str]:
    return f"{len(policy.seconds)}", f"{sum(policy.seconds):,.0f}", f"{policy.age_days:.1f}"
