"""The result table, for the terminal and for Markdown."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tfrs_models.evaluation.cold_start import METRICS as COLD_START_METRICS
from tfrs_models.evaluation.intervals import Interval
from tfrs_models.evaluation.metrics_file import shown_k
from tfrs_models.evaluation.report import SystemResult

if TYPE_CHECKING:
    from rich.table import Table

_ACCURACY = ("recall", "ndcg", "mrr", "hit_rate")
_BEYOND = ("coverage", "novelty", "diversity")
# What fits the 80 columns of a terminal.
_NARROW_ACCURACY = ("recall", "ndcg")
_NARROW_BEYOND = ("coverage",)


def table(results: Sequence[SystemResult]) -> "Table":
    """A terminal table, one row a system, in the order given; `markdown` shows more metrics."""
    from rich.table import Table

    header, rows = _cells(results, _NARROW_ACCURACY, _NARROW_BEYOND)
    drawn = Table(title=f"{len(next(iter(results[0].values.values()))):,} users, 95% intervals")
    for name in header:
        drawn.add_column(name, justify="left" if name == header[0] else "right", no_wrap=True)
    for result, row in zip(results, rows, strict=True):
        drawn.add_row(result.name, *row[1:])
    return drawn


def markdown(results: Sequence[SystemResult]) -> str:
    """The table in Markdown, with all metrics at one k, ending with a line break."""
    header, rows = _cells(results, _ACCURACY, _BEYOND)
    return markdown_lines(header, rows)


def cold_start_table(results: Sequence[SystemResult]) -> "Table":
    """A terminal table of the recall; `cold_start_markdown` shows NDCG and the intervals too."""
    from rich.table import Table

    name = f"{COLD_START_METRICS[0]}@{shown_k(results)}"
    drawn = Table(title=f"Cold start: {name}, new users by events known")
    drawn.add_column("system", no_wrap=True)
    for part in results[0].cold_start:
        drawn.add_column(part.removeprefix("history_"), justify="right", no_wrap=True)
    for result in results:
        parts = result.cold_start.values()
        means = (_share(p.intervals[name].mean) if p.queries else "-" for p in parts)
        drawn.add_row(result.name, *means)
    return drawn


def cold_start_markdown(results: Sequence[SystemResult]) -> str:
    """A table in Markdown for each metric of the cold start, with the number of queries."""
    k = shown_k(results)
    return "\n".join(_cold_start(results, f"{name}@{k}") for name in COLD_START_METRICS)


def _cold_start(results: Sequence[SystemResult], metric: str) -> str:
    sizes = [f"{name} ({part.queries:,})" for name, part in results[0].cold_start.items()]
    rows = [
        [
            result.key,
            *(
                _interval(part.intervals[metric]) if part.queries else "-"
                for part in result.cold_start.values()
            ),
        ]
        for result in results
    ]
    return markdown_lines([metric, *sizes], rows)


def markdown_lines(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown, all columns but the first to the right."""
    rule = ["---"] + ["---:"] * (len(header) - 1)
    return "".join(f"| {' | '.join(row)} |\n" for row in (header, rule, *rows))


def _cells(
    results: Sequence[SystemResult], accuracy: Sequence[str], beyond: Sequence[str]
) -> tuple[list[str], list[list[str]]]:
    k = shown_k(results)
    first = [f"{name}@{k}" for name in accuracy]
    measured = {name for result in results for name in result.beyond}
    second = [f"{name}@{k}" for name in beyond if f"{name}@{k}" in measured]
    rows = [
        [
            result.key,
            *(_interval(result.intervals[name]) for name in first),
            *(f"{result.beyond[name]:.3f}" if name in result.beyond else "-" for name in second),
        ]
        for result in results
    ]
    return ["system", *first, *second], rows


def _interval(interval: Interval) -> str:
    if interval.low is None or interval.high is None:
        return _share(interval.mean)
    return f"{_share(interval.mean)} [{_share(interval.low)}, {_share(interval.high)}]"


def _share(value: float) -> str:
    """A value between 0 and 1 in 4 digits, without the 0 before the point."""
    return f"{value:.4f}".removeprefix("0")
