"""Relevance against diversity: what each setting of a method of re-ranking gives and costs."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tfrs_models.evaluation.tradeoff import Point
from trainers.report.cells import number
from trainers.report.markup import Section, heading, paragraph, picture, table
from trainers.report.svg import COLOURS, drawn

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MARKERS = ("o", "s", "^")
_SIZE = (7.0, 4.4)  # inches
_LABEL = (0.06, 0.05)  # of a label, as a share of the axes
_OFFSET = (5, 5)  # points

_Place = tuple[float, float, Point]


def tradeoff(points: Sequence[Point]) -> Section | None:
    """The curve and its numbers; None without points."""
    if not points:
        return None
    text = (
        "The candidates of some of the test queries, re-ranked by each method of diversity with "
        "each weight of the relevance: 1 leaves the order as it is. A method whose curve lies "
        "above gives more diversity for the same loss of hits."
    )
    caption = (
        "NDCG against the diversity of the lists. The labels are the weights of relevance; where "
        "they would overlap some are left out."
    )
    drawing = drawn("tradeoff", lambda axes: _draw(axes[0], points), 1, *_SIZE)
    parts = [paragraph(text), picture(drawing, caption)]
    for method in _methods(points):
        parts += [heading(method), _table([one for one in points if one.method == method])]
    return Section("tradeoff", "Relevance and diversity", parts)


def _methods(points: Sequence[Point]) -> list[str]:
    return list(dict.fromkeys(one.method for one in points))


def _table(points: Sequence[Point]) -> str:
    names = [f"{name}@{points[0].k}" for name in ("ndcg", "diversity", "coverage", "gini")]
    rows = (
        [
            f"{one.relevance:g}",
            *(number(value) for value in (one.ndcg, one.diversity, one.coverage, one.gini)),
        ]
        for one in points
    )
    return table(["relevance", *names], rows)


def _draw(axes: "Axes", points: Sequence[Point]) -> None:
    places = list(_places(points))
    for method, colour, marker in zip(_methods(points), COLOURS, _MARKERS, strict=False):
        xs = [x for x, _, one in places if one.method == method]
        ys = [y for _, y, one in places if one.method == method]
        axes.plot(xs, ys, f"{marker}-", color=colour, label=method)
    for x, y, one in _apart(places):
        axes.annotate(f"{one.relevance:g}", (x, y), _OFFSET, textcoords="offset points")
    axes.margins(0.08)
    axes.set_xlabel(f"diversity@{points[0].k}")
    axes.set_ylabel(f"ndcg@{points[0].k}")
    axes.legend()


def _places(points: Sequence[Point]) -> Iterator[_Place]:
    """Where the points stand; those without a diversity stand nowhere."""
    for one in points:
        if one.diversity is not None:
            yield one.diversity, one.ndcg, one


def _apart(places: Sequence[_Place]) -> Iterator[_Place]:
    """Those whose labels do not overlap with one before."""
    wide = np.ptp([x for x, _, _ in places] or [0.0]) or 1.0
    high = np.ptp([y for _, y, _ in places] or [0.0]) or 1.0
    taken: list[tuple[float, float]] = []
    for x, y, one in places:
        at = (x / wide, y / high)
        if all(abs(at[0] - a) > _LABEL[0] or abs(at[1] - b) > _LABEL[1] for a, b in taken):
            taken.append(at)
            yield x, y, one
