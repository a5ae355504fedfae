"""Thresholds: by hand, and the share of false alarms in simulated windows that did not move."""

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import norm

from configs.drift import DriftConfig
from trainers.retraining.drift.alike import Window
from trainers.retraining.drift.compare import compare
from trainers.retraining.drift.distances import (
    jensen_shannon,
    l_infinity,
    normalized_difference,
)
from trainers.retraining.drift.histograms import Categories, merge_rare
from trainers.retraining.drift.pairs import Pair, pairs
from trainers.retraining.drift.thresholds import (
    jensen_shannon_threshold,
    l_infinity_threshold,
    normalized_difference_threshold,
)

LEVEL = 0.05
DRAWS = 300
# Two standard errors of a share of 5% in 300 draws are 2.5%; small counts are not quite normal too.
HIGHEST = 0.085
SIZES = [(10, 200, 200), (10, 5000, 500), (100, 100_000, 20_000)]


def paired(before, now, settings):
    """The pairs of the column `c` of two tables."""
    windows = (Window.of(table, settings.cluster) for table in (before, now))
    return pairs(*windows, "c", settings)


def zipf(values):
    weights = 1 / np.arange(1, values + 1)
    return weights / weights.sum()


def windows(values, n, m, seed):
    """Counts of two windows from one distribution, rare values merged."""
    generator = np.random.default_rng(seed)
    share = zipf(values)
    for _ in range(DRAWS):
        sides = (generator.multinomial(size, share) for size in (n, m))
        p, q = (Categories({str(i): c for i, c in enumerate(side.tolist()) if c}) for side in sides)
        yield merge_rare(p, q, 1000, 20)


def values_of(p, q):
    return len(p.counts) + bool(p.other or q.other)


@pytest.mark.parametrize(("values", "n", "m"), SIZES)
def test_false_alarms_of_the_divergence_are_near_the_stated_level(values, n, m):
    alarms = [
        jensen_shannon(p, q) > jensen_shannon_threshold((n, m), values_of(p, q), LEVEL)
        for p, q in windows(values, n, m, seed=1)
    ]
    assert 0.02 < np.mean(alarms) < HIGHEST


@pytest.mark.parametrize(("values", "n", "m"), SIZES)
def test_false_alarms_of_the_l_infinity_distance_are_at_most_the_stated_level(values, n, m):
    alarms = [
        l_infinity(p, q) > l_infinity_threshold(p, q, (n, m), LEVEL)
        for p, q in windows(values, n, m, seed=2)
    ]
    assert 0.015 < np.mean(alarms) < HIGHEST


@pytest.mark.parametrize("size", [500, 50_000])
def test_false_alarms_of_the_normalized_difference_are_at_most_the_stated_level(size):
    generator = np.random.default_rng(3)
    alarms = []
    for _ in range(DRAWS):
        sides = (generator.poisson(size * zipf(10)) for _ in range(2))
        p, q = (Categories({str(i): c for i, c in enumerate(side.tolist()) if c}) for side in sides)
        rows = (int(p.total), int(q.total))
        threshold = normalized_difference_threshold(p, q, rows, LEVEL)
        alarms.append(normalized_difference(p, q) > threshold)
    assert 0.015 < np.mean(alarms) < HIGHEST


@pytest.mark.parametrize(("n", "m"), [(100, 100), (400, 400), (5000, 1000)])
def test_false_alarms_of_histograms_are_near_the_stated_level(n, m):
    generator = np.random.default_rng(4)
    settings = DriftConfig(min_distance=0)
    alarms = []
    for _ in range(DRAWS):
        before, now = (pa.table({"c": generator.normal(size=size)}) for size in (n, m))
        (pair,) = paired(before, now, settings)
        alarms.append(compare(pair, settings, LEVEL).verdict == "warn")
    assert 0.02 < np.mean(alarms) < HIGHEST


def of_users(generator, users, alike, column):
    """A window of users with 1 to 40 rows each, whose values are alike by a share of the time."""
    sizes = generator.integers(1, 41, users)
    user = np.repeat(np.arange(users), sizes)
    own, other = column(generator, users)[user], column(generator, len(user))
    same = generator.random(len(user)) < alike
    return pa.table({"user_id": user, "c": np.where(same, own, other)})


COLUMNS = {
    "names": lambda generator, size: generator.choice(list("abcd"), size, p=zipf(4)),
    "numbers": lambda generator, size: generator.normal(size=size),
}


@pytest.mark.parametrize("alike", [0.5, 1.0])
@pytest.mark.parametrize("kind", COLUMNS)
def test_false_alarms_stay_near_the_stated_level_where_rows_of_a_user_are_alike(kind, alike):
    generator = np.random.default_rng(5)
    alarms = {"user_id": [], None: []}
    for _ in range(DRAWS):
        before, now = (of_users(generator, users, alike, COLUMNS[kind]) for users in (400, 60))
        for cluster, found in alarms.items():
            settings = DriftConfig(min_distance=0, cluster=cluster)
            (pair,) = paired(before, now, settings)
            found.append(compare(pair, settings, LEVEL).verdict == "warn")
    assert 0.01 < np.mean(alarms["user_id"]) < HIGHEST
    assert np.mean(alarms[None]) > 0.4  # as if each row were independent


def test_the_threshold_of_two_values_is_that_of_one_squared_normal():
    # chi2 with 1 degree of freedom is a squared normal: 1.959964^2 / (8 ln 2) * (1/100 + 1/300)
    expected = 1.959964**2 / (8 * 0.6931472) * (4 / 300)
    assert jensen_shannon_threshold((100, 300), 2, 0.05) == pytest.approx(expected, rel=1e-6)


def test_one_value_cannot_move():
    assert jensen_shannon_threshold((100, 300), 1, 0.05) == 0
    one = Categories({"a": 5})
    assert l_infinity_threshold(one, one, (5, 5), 0.05) == 0


def test_the_l_infinity_threshold_of_equal_values_is_bonferronis():
    # Four values of a quarter each: sigma = sqrt(3/16 * 2/100), the bound 4 * 2 Phi(-t / sigma).
    p = Categories(dict.fromkeys("abcd", 25))
    expected = norm.isf(0.05 / 8) * np.sqrt(3 / 16 * 2 / 100)
    assert l_infinity_threshold(p, p, (100, 100), 0.05) == pytest.approx(expected)


def test_fewer_rows_than_values_raise_the_threshold():
    # Lists of four values: the rows count, not the values. Four times the variance.
    p = Categories(dict.fromkeys("abcd", 25))
    by_values = normalized_difference_threshold(p, p, (100, 100), 0.05)
    assert normalized_difference_threshold(p, p, (25, 25), 0.05) == pytest.approx(2 * by_values)


def compared(p, q, **settings):
    rows = (int(p.total), int(q.total))
    return compare(Pair("c", "values", p, q, rows, rows), DriftConfig(**settings), 0.001)


def test_a_tiny_difference_is_no_alarm_however_many_rows_are_sure_of_it():
    # Shares of 0.50 and 0.51 in ten million rows: far beyond chance, and no matter.
    p = Categories({"a": 5_000_000, "b": 5_000_000})
    q = Categories({"a": 5_100_000, "b": 4_900_000})
    assert compared(p, q).verdict == "ok"
    assert compared(p, q, min_distance=0).verdict == "warn"


def test_a_large_difference_of_few_rows_is_no_alarm():
    # 2 of 4 against 4 of 4: the divergence is 0.31, and chance allows 0.5 * 10.83 / 5.545 = 0.98.
    found = compared(Categories({"a": 2, "b": 2}), Categories({"a": 4}))
    assert found.distance > 0.3
    assert found.verdict == "ok"


def test_a_declared_threshold_takes_the_place_of_the_calibrated_one():
    own = {"c": {"threshold": 0.3, "action": "stop"}}
    p, q = Categories({"a": 2, "b": 2}), Categories({"a": 4})
    found = compared(p, q, columns=own)
    assert (found.threshold, found.verdict) == (0.3, "stop")


def test_rows_that_are_alike_are_compared_in_fewer_buckets_unless_a_threshold_is_declared():
    generator = np.random.default_rng(6)
    sides = [of_users(generator, 60, 1.0, COLUMNS["numbers"]) for _ in range(2)]
    (calibrated,) = paired(*sides, DriftConfig())
    (declared,) = paired(*sides, DriftConfig(columns={"c": {"threshold": 0.1}}))
    # 60 users are worth about 45 rows, enough for 2 buckets of 20; 1,200 rows are enough for 20.
    assert [sum(b.count > 0 for b in one.reference.buckets) for one in (calibrated, declared)] == [
        2,
        20,
    ]
