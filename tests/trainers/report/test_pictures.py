"""What pictures leave out, and numbers at their edges."""

from support.reports import interval

from tfrs_models.evaluation.intervals import Interval
from tfrs_models.evaluation.tradeoff import Point
from trainers.report import cells
from trainers.report.ranker import _labels
from trainers.report.svg import bars, short
from trainers.report.tradeoff import _apart, _places


def point(relevance: float, diversity: float | None, ndcg: float) -> Point:
    return Point("mmr", relevance, 20, ndcg, diversity, 0.5, 0.5, None)


def labelled(*points: Point) -> list[float]:
    return [one.relevance for _, _, one in _apart(list(_places(points)))]


def test_a_label_that_would_overlap_is_left_out():
    # The axes are 0.1 wide and 0.2 high; 0.001 and 0.002 are 1% of them.
    points = [point(1.0, 0.1, 0.3), point(0.9, 0.101, 0.298), point(0.2, 0.2, 0.1)]
    assert labelled(*points) == [1.0, 0.2]


def test_a_point_without_diversity_stands_nowhere():
    assert labelled(point(1.0, None, 0.3), point(0.5, 0.2, 0.2)) == [0.5]


def test_no_point_at_all_is_no_fault():
    assert labelled(point(1.0, None, 0.3)) == []


def test_near_numbers_share_a_label():
    # 220 is less than 1.3 times 200; 500 is far from 200.
    assert list(_labels([50, 200, 220, 500])) == ["50", "200", "", "500"]


def test_bars_have_no_length_without_bounds():
    assert bars([0.5], [None], [None]) == [[0.0], [0.0]]


def test_bars_are_never_negative():
    # Rounding may put the bound of a constant on the other side of its mean.
    assert bars([0.5], [0.5 + 1e-16], [0.75]) == [[0.0], [0.25]]


def test_a_long_name_is_cut():
    assert short("a" * 32) == "a" * 32
    assert short("a" * 33) == "a" * 31 + "…"


def test_what_is_not_defined_is_a_dash():
    assert cells.mean(None).text == cells.difference(None).text == cells.number(None) == "-"


def test_a_difference_is_strong_when_its_interval_leaves_out_0():
    assert cells.difference(interval(-0.5)).strong
    assert cells.difference(Interval(0.1, 0.01, 0.2)).strong
    assert not cells.difference(Interval(0.1, -0.01, 0.2)).strong
    assert not cells.difference(Interval(0.1)).strong
