"""The result table, for the terminal and for Markdown."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tfrs_models.evaluation.intervals import Interval
from tfrs_models.evaluation.metrics_file import shown_k
from tfrs_models.evaluation.report import SystemResult

if TYPE_CHECKING:
    from rich.table import Table

_ACCURACY = ("recall", "ndcg", "mrr", "hit_rate")
_BEYOND = ("coverage", "novelty", "diversity")


def table(results: Sequence[SystemResult]) -> "Table":
    """A terminal table, one row a system, in the order given."""
    from rich.table import Table

    header, rows = _cells(results)
    drawn = Table(title=f"{len(next(iter(results[0].values.values()))):,} users, 95% intervals")
    for name in header:
        drawn.add_column(name, justify="left" if name == header[0] else "right")
    for row in rows:
        drawn.add_row(*row)
    return drawn


def markdown(results: Sequence[SystemResult]) -> str:
    """The same table in Markdown, ending with a line break."""
    header, rows = _cells(results)
    rule = ["---"] + ["---:"] * (len(header) - 1)
    return "".join(f"| {' | '.join(row)} |\n" for row in (header, rule, *rows))


def _cells(results: Sequence[SystemResult]) -> tuple[list[str], list[list[str]]]:
    k = shown_k(results)
    accuracy = [f"{name}@{k}" for name in _ACCURACY]
    measured = {name for result in results for name in result.beyond}
    beyond = [f"{name}@{k}" for name in _BEYOND if f"{name}@{k}" in measured]
    rows = [
        [
            result.key,
            *(_interval(result.intervals[name]) for name in accuracy),
            *(f"{result.beyond[name]:.3f}" if name in result.beyond else "-" for name in beyond),
        ]
        for result in results
    ]
    return ["system", *accuracy, *beyond], rows


def _interval(interval: Interval) -> str:
    if interval.low is None:
        return f"{interval.mean:.4f}"
    return f"{interval.mean:.4f} [{interval.low:.4f}, {interval.high:.4f}]"
