"""The systems beside each other: accuracy, paired differences and spread."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from tfrs_models.evaluation.intervals import Interval
from tfrs_models.evaluation.metrics_file import BASELINES, shown_k
from tfrs_models.evaluation.report import SystemResult
from trainers.report.cells import difference, mean, number
from trainers.report.markup import Cell, Section, paragraph, picture, table
from trainers.report.svg import COLOURS, GREY, bars, drawn, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PERFECT = "perfect_ranker"
"""The system that cannot be had: every target first."""

DRAWN = ("recall", "ndcg")
"""Metrics of pictures and of the tables that have one for each metric."""

_ACCURACY = ("recall", "ndcg", "mrr", "hit_rate", "map", "precision")
_COMPARED = ("recall", "ndcg", "mrr")
_BEYOND = ("diversity", "coverage", "gini", "popularity_share", "novelty")

Row = list[str | Cell]
"""A row of a table."""


def results(systems: Sequence[SystemResult]) -> Section:
    """Accuracy of every system, at one k."""
    k = shown_k(systems)
    names = [f"{name}@{k}" for name in _ACCURACY]
    rows: list[Row] = [
        [one.key, *(mean(one.intervals[name]) for name in names), number(one.seconds, 2)]
        for one in systems
    ]
    users = len(next(iter(systems[0].values.values())))
    resampled = ", with 95% bootstrap intervals over the users"
    text = (
        f"Means over {users:,} users, every system ranking the whole catalogue"
        f"{resampled if systems[0].bootstrap.samples else ''}. Seconds are those to fit and rank."
    )
    if any(one.name == PERFECT for one in systems):
        text += (
            f" {PERFECT} puts every target that was retrieved first: no ranker of these "
            "candidates can exceed it. The picture leaves it out."
        )
    caption = "The stages are coloured, the baselines grey."
    return Section(
        "results",
        "Results",
        [
            paragraph(text),
            picture(_picture(systems, k), caption),
            table(["system", *names, "seconds"], rows),
        ],
    )


def compared(systems: Sequence[SystemResult], metrics: Mapping[str, float]) -> Section | None:
    """Paired differences of each stage to the best baseline and to the stage before.

    Args:
        systems: all of them.
        metrics: the flat ones, which hold the differences.

    Returns:
        None where there is nothing to compare.
    """
    k = shown_k(systems)
    names = [f"{name}@{k}" for name in _COMPARED]
    rows: list[Row] = [
        [a, b, *(difference(_interval(metrics, f"{a}-{b}.{name}")) for name in names)]
        for a, b in _pairs(systems, k)
    ]
    text = (
        "Differences of each user, so that what both systems find hard cancels out. "
        "A difference is bold when its 95% interval leaves out 0. The best baseline is the one "
        f"with the largest ndcg@{k} here; metrics.json has the differences to all of them."
    )
    if not rows:
        return None
    header = ["system", "minus", *names]
    return Section("differences", "Paired differences", [paragraph(text), table(header, rows)])


def beyond(systems: Sequence[SystemResult]) -> Section:
    """What lists are like apart from hits, at one k."""
    k = shown_k(systems)
    measured = {name for one in systems for name in one.beyond}
    names = [f"{name}@{k}" for name in _BEYOND if f"{name}@{k}" in measured]
    rows = [[one.key, *(number(one.beyond.get(name)) for name in names)] for one in systems]
    text = (
        "Diversity of each list by the words of its items; share of the catalogue that any list "
        "holds; Gini coefficient of how often items are shown (0 equal, near 1 one item takes "
        "all); share of the places with one of the 10% most popular items; novelty in bits."
    )
    return Section("beyond", "Diversity and coverage", [paragraph(text), table(["", *names], rows)])


def stages(systems: Sequence[SystemResult]) -> list[SystemResult]:
    """All systems that are no baselines."""
    return [one for one in systems if one.group != BASELINES]


def best(systems: Sequence[SystemResult], k: int) -> list[SystemResult]:
    """The best baseline; none where there is none."""
    baselines = [one for one in systems if one.group == BASELINES]
    return sorted(baselines, key=lambda one: -one.intervals[f"ndcg@{k}"].mean)[:1]


def _pairs(systems: Sequence[SystemResult], k: int) -> Iterator[tuple[str, str]]:
    """Names of what is compared: each stage, with the best baseline and the stage before."""
    found = stages(systems)
    for place, later in enumerate(found):
        for other in [*best(systems, k), *found[max(place - 1, 0) : place]]:
            yield later.name, other.name


def _interval(metrics: Mapping[str, float], name: str) -> Interval | None:
    key = f"differences.{name}"
    if key not in metrics:
        return None
    return Interval(metrics[key], metrics.get(f"{key}.low"), metrics.get(f"{key}.high"))


def _picture(systems: Sequence[SystemResult], k: int) -> str:
    shown = [one for one in systems if one.name != PERFECT]

    def draw(axes: list["Axes"]) -> None:
        for place, metric in zip(axes, (f"{name}@{k}" for name in DRAWN), strict=True):
            _dots(place, shown, metric)
        axes[1].set_yticklabels([])

    return drawn("systems", draw, len(DRAWN), 4.6, 0.9 + 0.32 * len(shown))


def _dots(axes: "Axes", systems: Sequence[SystemResult], metric: str) -> None:
    """A dot with its interval for each system, the first one at the top."""
    for row, one in enumerate(systems):
        found = one.intervals[metric]
        colour = GREY if one.group == BASELINES else COLOURS[0]
        ends = bars([found.mean], [found.low], [found.high])
        axes.errorbar([found.mean], [row], xerr=ends, fmt="o", color=colour)
    axes.set_yticks(range(len(systems)), [short(one.key) for one in systems])
    axes.set_ylim(len(systems) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel(metric)
