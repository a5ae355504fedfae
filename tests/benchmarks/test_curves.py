import curves
import pytest
from curves import Course, best, draw, final, seconds_to, table, time_ratio, time_ratios

OURS = [(2.0, 0.1), (3.0, 0.3), (4.0, 0.2)]
RIVAL = [(10.0, 0.05), (20.0, 0.2), (40.0, 0.15)]


@pytest.mark.parametrize(("recall", "seconds"), [(0.05, 2.0), (0.2, 3.0), (0.3, 3.0), (0.31, None)])
def test_a_recall_is_reached_at_the_first_point_that_has_it(recall, seconds):
    assert seconds_to(OURS, recall) == seconds


def test_a_ratio_compares_the_seconds_to_one_recall():
    # 0.2: ours after 3 seconds, the rival after 20.
    assert time_ratio(OURS, RIVAL, 0.2) == 0.15


def test_there_is_no_ratio_to_a_recall_that_one_never_has():
    assert time_ratio(OURS, RIVAL, 0.3) is None
    assert time_ratio(RIVAL, OURS, 0.3) is None


def test_the_last_point_need_not_be_the_best():
    assert (final(OURS), best(OURS)) == (0.2, 0.3)


def test_every_rival_is_compared_at_its_last_and_its_best_recall():
    # 0.15 is first had after 3 and 20 seconds, and so is 0.2.
    assert time_ratios({"ours": OURS, "x": RIVAL}) == {"x": {"final": 0.15, "best": 0.15}}


def test_the_clock_stands_still_while_recall_is_measured(monkeypatch):
    # Starts at 0, measures from 3 to 10 and again from 12: 3 seconds, then 3 + 2.
    clock = iter([0.0, 3.0, 10.0, 12.0, 20.0])
    monkeypatch.setattr(curves.time, "perf_counter", lambda: next(clock))
    course = Course()
    course.record(lambda: 0.1)
    course.record(lambda: 0.2)
    assert course.curve == [(3.0, 0.1), (5.0, 0.2)]


def test_a_table_says_when_ours_never_gets_there():
    shown = table({"ours": RIVAL, "strong": OURS}, "data")
    # Of itself, the best is 0.2 after 20 seconds; the other's 0.3 is out of reach.
    assert list(shown.columns[-1].cells) == ["20.0", "never"]


def test_a_picture_is_written(tmp_path):
    draw({"ours": OURS, "rival": RIVAL}, "data", tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")
