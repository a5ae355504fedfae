"""Losses within the margins that add up."""

import numpy as np
import pytest
from support.declines import nights
from support.gate import RECALL, config, scored

from configs.errors import DataError
from trainers.retraining.gate.decide import decide
from trainers.retraining.gate.declining import Earlier, declining

USERS = 200
OLD = np.tile([0.0, 0.5], USERS // 2)  # a mean of 0.25, of which 2% are 0.005


def look(values, old=OLD, **rules):
    return list(declining(scored(values), Earlier(3, 4, scored(old)), config(**rules), seed=1))


@pytest.mark.parametrize(("lost", "passed"), [(0.0049, True), (0.0051, False)])
def test_no_more_than_two_percent_may_be_lost(lost, passed):
    # Everyone loses the same, so that the upper bound is the loss whoever is drawn.
    [check] = look(OLD - lost)
    assert (check.name, check.passed, check.decides) == ("recall@20.declining", passed, True)
    assert (check.measured, check.allowed) == (pytest.approx(-lost), -0.005)


def test_a_decline_is_told_with_the_way_out():
    [check] = look(OLD - 0.02)
    assert check.sentence == (
        "recall@20: challenger 0.2300, version 3 0.2500, difference -0.0200, upper bound -0.0200, "
        "allowed -0.0050: failed; publications since: 4, each within its margin, and with this one "
        "their losses add up: train from the beginning (`--full`), or roll back to version 3"
    )


def test_a_loss_that_is_not_sure_passes_and_is_told():
    # 20 of 200 users lose 0.5 and 15 win it: 0.0125 in the mean, with a standard error of
    # 0.5 sqrt(35 / 200) / sqrt(200) = 0.0148.
    noise = np.repeat([-0.5, 0.5, 0.0], [20, 15, USERS - 35])
    [check] = look(OLD + noise)
    assert check.passed
    assert check.measured > 0
    assert check.sentence.endswith("passed; it is below what is allowed, but not surely")


def test_a_better_challenger_passes():
    [check] = look(OLD + 0.01)
    assert check.sentence.endswith("allowed -0.0050: passed")


def test_the_largest_loss_can_be_declared_and_the_rule_be_off():
    [check] = look(OLD - 0.02, max_decline=0.1)
    assert check.passed
    assert look(OLD - 0.02, max_decline=None) == []


def test_without_a_version_of_before_nothing_is_looked_at():
    assert list(declining(scored(OLD), None, config(), seed=1)) == []


def test_the_decision_looks_back_where_it_can():
    # 1.6% below the champion, which may lose 4%, and 4% below the version before it.
    champion, challenger = scored(OLD - 0.006), scored(OLD - 0.01)
    found = decide(champion, challenger, None, {}, config(), 1, Earlier(3, 4, scored(OLD)))
    assert [check.name for check in found.broken] == ["recall@20.declining"]


def test_a_version_of_before_must_answer_the_same_queries():
    earlier = Earlier(3, 4, scored(OLD[:10]))
    with pytest.raises(DataError, match="10 of the version 3"):
        decide(scored(OLD), scored(OLD), None, {}, config(), 1, earlier)


def test_a_slow_decline_is_caught_within_two_weeks():
    # 2% a night with 400 users, whose standard error is 2.2%.
    histories = [nights([0.02] * 14, seed) for seed in range(10)]
    assert sum(any(night.declines for night in history) for history in histories) >= 9


def test_equal_challengers_are_not_stopped():
    histories = [nights([0.0] * 60, seed) for seed in range(5)]
    assert not any(night.declines for history in histories for night in history)


def test_after_a_decline_a_training_from_the_beginning_is_published():
    # Without a choice the eleven nights lose a fifth; the twelfth challenger is as the first.
    history = nights([0.05] * 11 + [None], seed=1)
    assert any(night.declines for night in history[:11])
    assert not history[10].published
    assert history[11].published
    assert history[11].lost == 0


def test_equal_seeds_give_equal_nights():
    assert nights([0.02] * 3, seed=1) == nights([0.02] * 3, seed=1)
    assert nights([0.02] * 3, seed=1, max_decline=None)[-1].declines is False


def test_the_rule_has_a_name_for_each_metric():
    [check] = look(OLD)
    assert check.name == f"{RECALL}.declining"
