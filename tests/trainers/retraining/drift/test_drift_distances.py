"""Distances of distributions, on the published cases of TensorFlow Data Validation and by hand.

Inputs and expected values marked TFDV are those of tensorflow/data-validation:
tensorflow_data_validation/anomalies/metrics_test.cc at commit 7ee4912 and schema_anomalies_test.cc.
"""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.errors import DataError
from trainers.retraining.drift.distances import (
    jensen_shannon,
    l_infinity,
    normalized_difference,
)
from trainers.retraining.drift.histograms import Bucket, Categories, Numbers

INF = math.inf


def numbers(*buckets, nan=0):
    return Numbers(tuple(Bucket(*one) for one in buckets), nan=nan)


THIRDS = ((1.0, 2.3333333, 2.9866667), (2.3333333, 3.6666667, 1.0066667), (3.6666667, 5, 2.0066667))


@pytest.mark.parametrize(
    ("p", "q", "expected"),
    [
        ({}, {}, 0.0),  # TFDV: two empty maps
        ({"hello": 0.1, "world": 0.9}, {"hello": 0.3, "world": 0.7}, 0.2),  # TFDV
        ({"b": 0.9, "c": 0.1}, {"a": 0.3, "b": 0.7}, 0.3),  # TFDV: missing value in both
        ({"a": 0.3, "b": 0.7}, {"b": 0.9, "c": 0.1}, 0.3),  # TFDV: the same, flipped
        ({"a": 1, "b": 2, "c": 7}, {"a": 3, "b": 1, "c": 6}, 0.2),  # TFDV: FindSkewStringFeature
    ],
)
def test_the_l_infinity_distance_has_the_published_values(p, q, expected):
    assert l_infinity(Categories(p), Categories(q)) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("p", "q", "expected"),
    [
        # TFDV: DifferentBucketBoundaries
        (
            numbers((1, 2, 2), (2, 3, 2)),
            numbers((2, 4, 2), (4, 6, 2)),
            0.65563906222,
        ),
        # TFDV: NoOverlap
        (numbers((0, 1, 2), (1, 2, 2)), numbers((3, 4, 2), (4, 6, 2)), 1.0),
        # TFDV: OneHasAllValuesInOneBucket
        (numbers((1, 1, 4)), numbers((2, 4, 2), (4, 6, 2)), 1.0),
        # TFDV: BothHaveAllValuesInOneBucket
        (numbers((1, 1, 4)), numbers((2, 2, 4)), 1.0),
        # TFDV: OneHasOneBucketTheOtherHasMany; a point inside a bucket is no part of it
        (numbers((10, 10, 21)), numbers((0, 4, 150), (4, 12, 200), (12, 20, 20)), 1.0),
        # TFDV: WithNaNs
        (numbers((1, 2, 3), nan=1), numbers((1, 2, 4)), 0.13792538096),
        # TFDV: FindSkewNumericFeature
        (numbers((1, 2, 1), (2, 3, 1)), numbers((5, 6, 1), (6, 7, 1)), 1.0),
        # TFDV: FindSkewDistributionChangeWithinThreshold...
        (numbers((1, 2, 1), (2, 3, 1)), numbers((1, 2, 1), (2, 3, 1)), 0.0),
        # TFDV: SameStatistics, without its NaN, which its later releases count as different
        (numbers(*THIRDS), numbers(*THIRDS), 0.0),
    ],
)
def test_the_divergence_of_numbers_has_the_published_values(p, q, expected):
    assert jensen_shannon(p, q) == pytest.approx(expected, abs=1e-5)
    assert jensen_shannon(q, p) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("p", "q"),
    [
        (numbers(), numbers((0, 4, 10))),  # TFDV: EmptyHistogram
        (numbers((0, 4, 10)), numbers((0, 4, 0))),  # TFDV: the same, with a bucket of no values
        (Categories({}), Categories({"a": 1})),
    ],
)
def test_the_divergence_of_an_empty_distribution_is_refused(p, q):
    with pytest.raises(DataError, match="needs a value in both distributions"):
        jensen_shannon(p, q)


def test_nan_on_both_sides_never_matches():
    # 3 of 4 values match, and 1 of 4 is a value of its own on each side: (1/4 + 1/4) / 2 bits.
    same = numbers((1, 2, 3), nan=1)
    assert jensen_shannon(same, same) == pytest.approx(0.25)


def test_infinite_values_on_both_sides_never_match():
    # As with NaN; the bucket that ends at infinity counts as infinite as a whole.
    same = numbers((-INF, 0, 1), (1, 2, 2), (INF, INF, 1))
    assert jensen_shannon(same, same) == pytest.approx(0.5)


def test_equal_points_match():
    assert jensen_shannon(numbers((1, 1, 4), (2, 2, 4)), numbers((1, 1, 1), (2, 2, 1))) == 0


def test_mass_is_spread_over_the_width_of_its_bucket():
    # [0, 4) with 4 is [0, 1) with 1 and [1, 4) with 3: the same as q.
    assert jensen_shannon(numbers((0, 4, 4)), numbers((0, 1, 1), (1, 4, 3))) == pytest.approx(0)


def test_nothing_is_spread_between_two_buckets():
    # q has half of its mass where p has none: as {a: 1, b: 1} against {a: 1, c: 1}, 0.5.
    p, q = numbers((0, 1, 1), (3, 4, 1)), numbers((0, 1, 1), (1, 3, 1))
    assert jensen_shannon(p, q) == pytest.approx(0.5)


def test_the_widest_bucket_is_spread_without_overflow():
    whole = numbers((-1.7e308, 1.7e308, 2))
    assert jensen_shannon(whole, numbers((-1.7e308, 0, 1), (0, 1.7e308, 1))) == pytest.approx(0)


def test_the_divergence_of_names_is_in_bits():
    # m = (0.75, 0.25): (log2(1/0.75) + 0.5 log2(0.5/0.75) + 0.5 log2(0.5/0.25)) / 2
    expected = (math.log2(4 / 3) + 0.5 * math.log2(2 / 3) + 0.5) / 2
    found = jensen_shannon(Categories({"a": 7}), Categories({"a": 2, "b": 2}))
    assert found == pytest.approx(expected)


def test_names_without_overlap_are_one_bit_apart():
    assert jensen_shannon(Categories({"a": 1}), Categories({"b": 9})) == 1


def test_names_and_numbers_are_not_compared():
    with pytest.raises(DataError, match="received Categories and Numbers"):
        jensen_shannon(Categories({"a": 1}), numbers((1, 2, 1)))


def test_the_normalized_difference_is_over_the_total_of_both():
    # |6 - 1| / (10 + 5)
    p, q = Categories({"a": 6, "b": 4}), Categories({"a": 1, "b": 4})
    assert normalized_difference(p, q) == pytest.approx(1 / 3)
    assert normalized_difference(Categories({}), Categories({})) == 0


def test_the_normalized_difference_sees_doubled_counts():
    # |2 - 4| / 6, while the shares are equal.
    p, q = Categories({"a": 2}), Categories({"a": 4})
    assert (normalized_difference(p, q), l_infinity(p, q)) == (pytest.approx(1 / 3), 0)


def test_a_value_that_one_side_may_have_merged_is_merged_on_both():
    # p does not tell c, so q's c joins the others: (a, rest) is (0.6, 0.4) and (0.2, 0.8).
    p, q = Categories({"a": 6}, other=4), Categories({"a": 2, "c": 8})
    assert l_infinity(p, q) == pytest.approx(0.4)


def test_a_value_is_told_apart_where_the_other_side_has_merged_none():
    # q names all of its values, so p's a is surely absent there.
    p, q = Categories({"a": 6}, other=4), Categories({"b": 5})
    assert l_infinity(p, q) == pytest.approx(0.6)


counts = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 50), min_size=1)


@given(counts, counts, st.sampled_from("abcdef"))
def test_merging_brings_distributions_nearer(p, q, lost):
    def merged(side):
        left = {name: count for name, count in side.items() if name != lost}
        return Categories(left, other=side.get(lost, 0))

    whole = jensen_shannon(Categories(p), Categories(q))
    assert jensen_shannon(merged(p), merged(q)) <= whole + 1e-12
    assert 0 <= whole <= 1
