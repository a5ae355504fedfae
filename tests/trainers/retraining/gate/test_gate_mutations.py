"""The gate as a whole, on drawn models: which challengers it lets through, and how often."""

import numpy as np
import pytest
from support.gate import RECALL, config, scored, two_models

from trainers.retraining.gate.decide import decide
from trainers.retraining.gate.statistics import resample, users_needed

USERS = 2000
FAST = config(margin=0.04, bootstrap_samples=100)


def accepted(trials, loss=0.0, rules=FAST, users=USERS, slices=None):
    verdicts = [verdict(seed, loss, rules, users, slices) for seed in range(trials)]
    return np.mean([one.passed for one in verdicts])


def verdict(seed, loss=0.0, rules=FAST, users=USERS, slices=None):
    champion, challenger = two_models(users, seed, loss)
    return decide(champion, challenger, None, slices or {}, rules, seed)


def test_the_drawn_models_differ_as_two_seeds_of_a_real_one():
    champion, challenger = (one.metrics[RECALL] for one in two_models(20_000, 0))
    assert champion.mean() == pytest.approx(0.304, abs=0.01)
    assert (challenger - champion).std() / champion.mean() == pytest.approx(0.45, abs=0.02)


def test_an_equal_challenger_is_accepted():
    assert accepted(200) >= 0.95


def test_a_challenger_with_a_twentieth_fewer_hits_is_rejected():
    assert accepted(100, loss=0.05) <= 0.05


def test_a_challenger_with_a_tenth_fewer_hits_is_always_rejected():
    assert accepted(40, loss=0.1) == 0


def test_the_users_that_a_rejection_asks_for_let_an_equal_challenger_pass():
    # At a margin of 3% it asks for about 0.45^2 * (3.29 / 0.03)^2 = 2,400 users.
    strict = config(margin=0.03, bootstrap_samples=100)
    champion, challenger = (one.metrics[RECALL] for one in two_models(20_000, 0))
    drawn = resample({RECALL: challenger - champion}, np.arange(20_000), 400, 0)[RECALL]
    needed = users_needed(drawn, 0.05, 0.03 * champion.mean())
    assert needed == pytest.approx(2_400, rel=0.15)
    assert 0.90 <= accepted(100, rules=strict, users=needed) <= 0.99


def test_a_fifth_of_these_users_prove_little():
    strict = config(margin=0.03, bootstrap_samples=100)
    assert accepted(60, rules=strict, users=480) <= 0.6


def test_a_model_that_has_learned_nothing_is_rejected():
    # Its hits are few, and not those of the champion.
    champion, _ = two_models(USERS, 0)
    random = np.random.default_rng(1)
    for seed in range(20):
        challenger = scored(0.3 * random.permutation(champion.metrics[RECALL]))
        assert not decide(champion, challenger, None, {}, FAST, seed).passed


SLICED = config(margin=0.2, slices=("new_users", "tail"), bootstrap_samples=100)
HALVES = {"new_users": np.arange(USERS) < 600, "tail": np.arange(USERS) >= 600}


def test_an_equal_challenger_is_accepted_with_slices_too():
    assert accepted(60, rules=SLICED, slices=HALVES) >= 0.95


def test_a_challenger_worse_in_one_slice_only_is_rejected_through_that_slice():
    loss = np.where(HALVES["new_users"], 0.2, 0.0)
    for seed in range(30):
        found = verdict(seed, loss, SLICED, slices=HALVES)
        assert [one.name for one in found.broken] == ["slice.new_users.recall@20"]


def test_the_same_loss_in_a_slice_of_few_users_is_only_reported():
    few = {"new_users": np.arange(USERS) < 400, "tail": np.arange(USERS) >= 400}
    found = verdict(0, np.where(few["new_users"], 0.2, 0.0), SLICED, slices=few)
    assert found.passed
    reported = [one for one in found.checks if not one.decides]
    assert [one.name for one in reported] == ["slice.new_users.recall@20"]
    assert reported[0].measured < -0.02


BY_USERS = config(margin=None, bootstrap_samples=100)


@pytest.mark.parametrize("users", [300, 2000])
def test_without_a_margin_an_equal_challenger_is_accepted_with_few_users_and_many(users):
    assert accepted(200, rules=BY_USERS, users=users) >= 0.92


def test_without_a_margin_a_challenger_with_a_tenth_fewer_hits_is_rejected():
    assert accepted(40, loss=0.1, rules=BY_USERS) == 0


def test_without_a_margin_few_users_let_a_challenger_pass_that_is_2_percent_worse():
    # s is 0.45 / sqrt(300) = 2.6% of the mean: it passes where its mean is above -1.645 s = -4.3%.
    assert accepted(100, loss=0.02, rules=BY_USERS, users=300) >= 0.75


def test_without_a_margin_many_users_stop_a_challenger_that_is_5_percent_worse():
    # s is 0.6%: five percent are eight of it.
    assert accepted(20, loss=0.05, rules=BY_USERS, users=5_000) == 0


def test_without_a_margin_more_users_are_asked_of_nobody():
    # The margin is what an equal challenger needs with the users there are.
    verdicts = [verdict(seed, 0.05, BY_USERS, 500) for seed in range(60)]
    told = [one.sentence.rpartition("; ")[2] for each in verdicts for one in each.broken]
    assert set(told) == {
        "surely worse than the champion",
        # The resamples have other tails than a normal distribution.
        "with so many users an equal challenger fails one time in 20",
    }
    assert told.count("surely worse than the champion") >= 0.9 * len(told) >= 20


def test_a_margin_by_the_users_is_at_most_a_tenth():
    # 100 users would need 0.45 * 3.29 / 10 = 15%.
    champion, challenger = two_models(100, 0)
    found = decide(champion, challenger, None, {}, config(margin=None), 0)
    [check] = [one for one in found.checks if one.name == "recall@20.not_worse"]
    assert check.allowed == pytest.approx(-0.1 * champion.metrics[RECALL].mean())


def test_a_margin_by_the_users_is_at_least_a_hundredth():
    # 40,000 users would need 0.45 * 3.29 / 200 = 0.7%.
    champion, challenger = two_models(40_000, 0)
    found = decide(champion, challenger, None, {}, config(margin=None), 0)
    [check] = [one for one in found.checks if one.name == "recall@20.not_worse"]
    assert check.allowed == pytest.approx(-0.01 * champion.metrics[RECALL].mean())
