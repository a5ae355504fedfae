"""A window in which the champion itself fails is no judge."""

import pytest
from support.gate import RECALL, config, scored

from trainers.retraining.gate.usual import usual_window

CHAMPION = scored([0.1, 0.3])  # a mean of 0.2


def checks(published, **rules):
    return list(usual_window(CHAMPION, {RECALL: published}, config(**rules)))


@pytest.mark.parametrize(("published", "passed"), [(0.2, True), (0.4, True), (0.41, False)])
def test_the_champion_may_lose_half_of_what_it_had(published, passed):
    [check] = checks(published)
    assert check.passed is passed
    assert check.allowed == pytest.approx(published / 2)


def test_a_failing_champion_is_a_reason_to_look_at_the_events():
    [check] = checks(0.9)
    assert check.name == "recall@20.usual_window"
    assert "look at the new events" in check.sentence


def test_the_largest_fall_can_be_declared():
    [check] = checks(0.21, max_champion_drop=0.01)
    assert not check.passed


def test_what_was_not_measured_then_is_not_looked_at():
    assert list(usual_window(CHAMPION, {}, config())) == []


def test_the_rule_can_be_off():
    assert checks(0.9, max_champion_drop=None) == []
