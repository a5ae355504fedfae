"""A window in which the champion itself fails is no judge."""

from dataclasses import replace

import pytest
from support.gate import RECALL, config, scored

from trainers.retraining.gate.decide import decide
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


def test_what_is_not_known_of_then_is_told_and_does_not_decide():
    [check] = usual_window(CHAMPION, {}, config())
    assert (check.name, check.passed, check.decides) == ("recall@20.usual_window", True, False)
    assert (check.measured, check.allowed) == (pytest.approx(0.2), None)
    assert check.sentence == (
        "recall@20: champion 0.2000 in this window; what it was when it was published is not "
        "known, so whether this window is a usual one was not measured"
    )


@pytest.mark.parametrize("published", [{}, {RECALL: 0.0}, {RECALL: 0.2}])
def test_a_champion_that_finds_nothing_proves_nothing(published):
    [check] = usual_window(scored([0.0, 0.0]), published, config())
    assert (check.passed, check.decides, check.measured) == (False, True, 0.0)
    assert "finds nothing in this window" in check.sentence


def test_two_models_that_find_nothing_pass_all_rules_but_this_one():
    nothing = scored([0.0] * 200)
    verdict = decide(nothing, nothing, None, {}, config(), seed=1)
    assert verdict.passed
    checks = (*usual_window(nothing, {}, config()), *verdict.checks)
    assert [check.name for check in replace(verdict, checks=checks).broken] == [
        "recall@20.usual_window"
    ]


def test_a_window_without_queries_is_a_matter_of_another_rule():
    assert list(usual_window(scored([]), {RECALL: 0.2}, config())) == []


def test_the_rule_can_be_off():
    assert checks(0.9, max_champion_drop=None) == []
    assert list(usual_window(scored([0.0]), {}, config(max_champion_drop=None))) == []
