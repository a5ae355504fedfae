import numpy as np
import pytest
from scipy.stats import bootstrap as scipy_bootstrap

from tfrs_models.evaluation.intervals import Bootstrap, Interval, differences, intervals

VALUES = np.random.default_rng(0).beta(1, 5, 400)


def test_the_mean_is_that_of_the_values():
    assert intervals({"recall": VALUES}, Bootstrap(50, 1))["recall"].mean == pytest.approx(
        VALUES.mean()
    )


def test_the_bounds_agree_with_scipy():
    found = intervals({"recall": VALUES}, Bootstrap(4000, 1))["recall"]
    expected = scipy_bootstrap(
        (VALUES,), np.mean, n_resamples=4000, method="percentile", rng=np.random.default_rng(2)
    ).confidence_interval
    # Monte Carlo error of a bound: about 2% of the width at 4000 resamples.
    width = expected.high - expected.low
    assert found.low == pytest.approx(expected.low, abs=0.1 * width)
    assert found.high == pytest.approx(expected.high, abs=0.1 * width)


def test_one_seed_gives_one_interval_and_another_seed_another():
    first = intervals({"a": VALUES}, Bootstrap(100, 1))
    assert first == intervals({"a": VALUES}, Bootstrap(100, 1))
    assert first != intervals({"a": VALUES}, Bootstrap(100, 2))


def test_metrics_do_not_influence_each_other():
    alone = intervals({"a": VALUES}, Bootstrap(100, 1))["a"]
    together = intervals({"b": VALUES**2, "a": VALUES}, Bootstrap(100, 1))["a"]
    assert together.low == pytest.approx(alone.low)
    assert together.high == pytest.approx(alone.high)


def test_equal_values_have_an_interval_without_width():
    found = intervals({"a": np.full(7, 0.25)}, Bootstrap(100, 1))["a"]
    assert (found.low, found.high) == pytest.approx((0.25, 0.25))


def test_without_resamples_there_are_no_bounds():
    assert intervals({"a": np.array([0.0, 1.0])}, Bootstrap(0, 1)) == {"a": Interval(0.5)}


def test_the_interval_covers_the_truth_about_95_times_in_100():
    random = np.random.default_rng(5)
    covered = 0
    for seed in range(200):
        sample = random.normal(0.3, 1, 80)
        found = intervals({"a": sample}, Bootstrap(200, seed))["a"]
        covered += found.low <= 0.3 <= found.high
    # Three standard errors of a 95% coverage over 200 trials: 190 +- 9; percentile bounds run low.
    assert 176 <= covered <= 199


def test_a_constant_lead_is_certain_however_much_users_differ():
    ahead = differences({"a": VALUES + 0.01}, {"a": VALUES}, Bootstrap(100, 1))["a"]
    assert (ahead.mean, ahead.low, ahead.high) == pytest.approx((0.01, 0.01, 0.01))


def test_pairing_is_narrower_than_the_two_intervals():
    noise = np.random.default_rng(3).normal(0, 0.01, len(VALUES))
    paired = differences({"a": VALUES + noise}, {"a": VALUES}, Bootstrap(200, 1))["a"]
    alone = intervals({"a": VALUES}, Bootstrap(200, 1))["a"]
    assert paired.high - paired.low < (alone.high - alone.low) / 5
