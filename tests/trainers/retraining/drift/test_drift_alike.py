"""How much rows of one cluster are alike, and what they are worth: numbers derived by hand."""

import numpy as np
import pyarrow as pa
import pytest

from trainers.retraining.drift.alike import Clusters, clusters_of, of_buckets, of_numbers

# Four rows of one user, two of another, one of a third: sum of squares 16 + 4 + 1 = 21.
USERS = Clusters(np.array([0, 0, 0, 0, 1, 1, 2]), 7)
EACH_ALONE = Clusters(np.arange(7), 7)


def test_the_cluster_of_a_row_has_a_mean_size_that_counts_large_ones_more():
    assert USERS.together == pytest.approx(21 / 7)
    assert EACH_ALONE.together == 1


def test_rows_that_are_all_alike_are_worth_the_effective_number_of_clusters():
    # Kish: (sum n)^2 / sum n^2 = 49 / 21.
    assert USERS.independent(1.0) == pytest.approx(49 / 21)


def test_rows_that_do_not_correlate_are_worth_themselves():
    assert USERS.independent(0.0) == 7


def test_half_a_correlation_halves_the_inflation():
    assert USERS.independent(0.5) == pytest.approx(7 / (1 + 2 * 0.5))


def test_values_of_lists_are_worth_at_most_their_rows():
    assert Clusters(np.arange(12), 3).independent(0.0) == 3


def test_no_values_are_worth_nothing():
    assert Clusters(np.empty(0, np.int64), 0).independent(0.5) == 0


def test_buckets_that_each_user_has_alone_correlate_wholly():
    # Two users of two rows each: pairs 2 + 2. Each bucket has half of the rows, so that a pair
    # counts 2, which is B: (8 / 4 - 1) / (2 - 1) = 1.
    clusters = Clusters(np.array([0, 0, 1, 1]), 4)
    assert of_buckets(np.array([7, 7, 3, 3]), clusters) == pytest.approx(1.0)


def test_large_users_in_frequent_buckets_count_less():
    # Pairs: 4 * 3 + 2 * 1 = 14. Each counts 1 / p: with shares of 4, 2 and 1 of 7 the sum is
    # 12 * 7/4 + 2 * 7/2 = 28, (28 / 14 - 1) / (3 - 1) = 1/2.
    codes = np.array([0, 0, 0, 0, 1, 1, 2])
    assert of_buckets(codes, USERS) == pytest.approx(0.5)


def test_buckets_that_differ_within_users_do_not_correlate():
    assert of_buckets(np.array([0, 1, 0, 1, 0, 1, 0]), USERS) == 0


def test_one_bucket_tells_no_correlation():
    assert of_buckets(np.zeros(7, np.int64), USERS) == 0


def test_independent_buckets_correlate_by_about_nothing():
    draw = np.random.default_rng(0)
    clusters = Clusters(draw.integers(0, 200, 20_000), 20_000)
    codes = draw.choice(4, 20_000, p=[0.4, 0.3, 0.2, 0.1])
    assert of_buckets(codes, clusters) < 0.002


def test_two_buckets_correlate_as_their_indicator_does():
    codes = np.array([1, 1, 0, 1, 0, 0, 1])
    found = of_numbers(codes.astype(np.float64), USERS)
    assert found == pytest.approx(of_buckets(codes, USERS))


def test_numbers_correlate_by_the_products_of_pairs():
    # Mean 0: pairs (1, 3) of the first user and (-1, -3) of the second, in both orders:
    # (3 + 3 + 3 + 3) / 4 / 5, with variance (1 + 9 + 1 + 9) / 4 = 5.
    clusters = Clusters(np.array([0, 0, 1, 1]), 4)
    assert of_numbers(np.array([1.0, 3, -1, -3]), clusters) == pytest.approx(0.6)


@pytest.mark.parametrize("clusters", [EACH_ALONE, Clusters(np.empty(0, np.int64), 0)])
def test_without_pairs_nothing_correlates(clusters):
    codes = np.zeros(len(clusters.codes), np.int64)
    assert of_buckets(codes, clusters) == 0
    assert of_numbers(codes.astype(np.float64), clusters) == 0


def test_rows_with_equal_values_are_a_cluster_and_nulls_are_one_too():
    table = pa.table({"user_id": ["b", "a", None, "b", None]})
    assert clusters_of(table, "user_id").tolist() == [0, 1, 2, 0, 2]


@pytest.mark.parametrize("column", [None, "account"])
def test_without_the_column_each_row_is_its_own_cluster(column):
    assert clusters_of(pa.table({"user_id": ["b", "b"]}), column).tolist() == [0, 1]
