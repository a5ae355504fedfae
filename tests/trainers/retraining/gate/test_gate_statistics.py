"""The bootstrap by user, its bounds, and Holm's levels."""

import numpy as np
import pytest

from trainers.retraining.gate.statistics import (
    Resampled,
    holm,
    lower_bound,
    p_value,
    resample,
    samples_needed,
    sure_distance,
    upper_bound,
    users_needed,
)


def drawn(values, users=100):
    values = np.sort(np.asarray(values, np.float64))
    return Resampled(float(values.mean()), values, users)


def one(values, users, samples, seed=0):
    values = np.asarray(values, np.float64)
    return resample({"recall@20": values}, np.asarray(users), samples, seed)["recall@20"]


def test_two_users_give_the_three_means_that_can_be_drawn_by_hand():
    # User 7: sum 1 of 2 queries; user 9: sum -1 of 1. Drawn (7, 7): 2/4; (7, 9) or (9, 7): 0/3;
    # (9, 9): -2/2, with chances 1/4, 1/2, 1/4.
    found = one([1, -1, 0], [7, 9, 7], 4000)
    values, counts = np.unique(found.values, return_counts=True)
    np.testing.assert_array_equal(values, [-1.0, 0.0, 0.5])
    np.testing.assert_allclose(counts / 4000, [0.25, 0.5, 0.25], atol=0.03)
    assert (found.mean, found.users) == (0.0, 2)


def test_a_single_user_is_always_drawn():
    assert set(one([0.5, 1.0], [3, 3], 10).values) == {0.75}


def test_equal_seeds_draw_equal_users_for_all_metrics():
    values = np.random.default_rng(1).random(50)
    found = resample({"a": values, "b": 2 * values}, np.arange(50), 100, seed=5)
    np.testing.assert_allclose(found["b"].values, 2 * found["a"].values)
    np.testing.assert_array_equal(found["a"].values, one(values, np.arange(50), 100, 5).values)
    assert not np.array_equal(found["a"].values, one(values, np.arange(50), 100, 6).values)


def test_more_draws_than_fit_a_chunk_are_all_there():
    assert len(one(np.zeros(700_000), np.arange(700_000), 3).values) == 3


def test_queries_of_one_user_count_as_one():
    # 50 users with 20 equal queries each: as sure as 50 queries, and 1/sqrt(20) = 0.22 of the
    # spread is what one would believe who took the queries for 1,000 users.
    values = np.repeat(np.random.default_rng(2).normal(size=50), 20)
    by_user = one(values, np.repeat(np.arange(50), 20), 2000).values.std()
    by_query = one(values, np.arange(1000), 2000).values.std()
    assert by_user == pytest.approx(values.std() / np.sqrt(50), rel=0.1)
    assert by_query / by_user == pytest.approx(1 / np.sqrt(20), rel=0.1)


def test_the_bounds_are_order_statistics():
    # Of 99 resamples the 5% are the 0.05 * 100 = 5th smallest and the 5th largest.
    found = drawn(range(1, 100))
    assert (lower_bound(found, 0.05), upper_bound(found, 0.05)) == (5.0, 95.0)


def test_a_level_that_the_resamples_cannot_show_has_no_bound():
    found = drawn(range(1, 100))
    assert (lower_bound(found, 0.009), upper_bound(found, 0.009)) == (-np.inf, np.inf)
    assert (samples_needed(99, 0.009), samples_needed(1000, 0.05)) == (112, 1000)
    assert (samples_needed(100, 0.01 / 20), samples_needed(5, 0.1)) == (2000, 10)


def test_the_p_value_counts_the_resamples_of_at_least_0():
    # 0, 1 and 2 of the 99 values -96 ... 2: (1 + 3) / 100.
    assert p_value(drawn(range(-96, 3))) == 0.04


@pytest.mark.parametrize("shift", range(-99, 1))
@pytest.mark.parametrize("level", [0.05, 1 - 0.9, (1 - 0.99) / 3, 0.1])
def test_a_p_value_is_at_most_a_level_exactly_where_the_upper_bound_is_below_0(shift, level):
    found = drawn(np.arange(99) + shift)
    assert (p_value(found) <= level + 1e-12) == (upper_bound(found, level) < 0)


def test_the_lower_bound_is_below_the_truth_in_95_of_100_sets():
    # Skewed differences of mean 0.1 with 1 to 3 queries a user, which share half of their noise.
    random = np.random.default_rng(3)
    below = 0
    for trial in range(400):
        users = np.repeat(np.arange(150), random.integers(1, 4, 150))
        noise = random.exponential(size=150)[users] + random.exponential(size=len(users)) - 2
        below += lower_bound(one(0.1 + noise, users, 199, trial), 0.05) <= 0.1
    # Two standard errors of 400 trials are 2.2 points.
    assert 0.928 <= below / 400 <= 0.972


def test_holms_levels_by_hand():
    # In order .005 <= .05/4, .01 <= .05/3, .03 > .05/2: it stops there, and .04 has that level too.
    levels = holm(np.array([0.01, 0.04, 0.03, 0.005]), 0.05)
    np.testing.assert_allclose(levels, [0.05 / 3, 0.025, 0.025, 0.0125])


def test_holm_rejects_all_where_each_is_small_enough():
    np.testing.assert_allclose(holm(np.array([0.02, 0.05]), 0.05), [0.025, 0.05])


def test_holm_rejects_none_where_the_smallest_is_too_large():
    np.testing.assert_allclose(holm(np.array([0.05, 0.026]), 0.05), [0.025, 0.025])


def test_holm_of_nothing_is_nothing():
    assert len(holm(np.array([]), 0.05)) == 0


def test_the_users_needed_by_hand():
    # z(0.95) = 1.645 twice; s = 1: a distance of 3.29, so that a margin of 0.329 needs 100 times
    # the users.
    found = drawn([-1.0, 1.0], users=40)
    assert sure_distance(found, 0.05) == pytest.approx(3.29, abs=0.001)
    assert users_needed(found, 0.05, 0.329) == pytest.approx(4000, abs=5)
