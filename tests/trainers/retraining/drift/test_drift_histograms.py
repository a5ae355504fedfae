"""Columns as counts and histograms."""

import numpy as np
import pyarrow as pa
import pytest

from trainers.retraining.drift.histograms import (
    Bucket,
    Categories,
    count_categories,
    grid,
    histogram,
    lengths,
    merge_rare,
    numbers,
)

INF = np.inf


def of(values, bins=4):
    values = np.array(values, float)
    return histogram(values, grid(values, bins))


def test_values_are_counted_by_frequency_then_name_and_nulls_apart():
    found = count_categories(pa.array(["b", None, "a", "c", "c"]))
    assert list(found.counts.items()) == [("c", 2), ("a", 1), ("b", 1)]
    assert (found.missing, found.other, found.total) == (1, 0, 4)


@pytest.mark.parametrize(
    "column",
    [
        pa.chunked_array([["x", "y"], ["x"]]),
        pa.array(["x", "y", "x"]).dictionary_encode(),
        np.array(["x", "y", "x"]),
        pa.array(["x", "y", "x"], pa.large_string()),
    ],
    ids=["chunks", "dictionary", "numpy", "large"],
)
def test_all_kinds_of_text_are_counted_alike(column):
    assert count_categories(column).counts == {"x": 2, "y": 1}


def test_numbers_and_booleans_are_told_apart_by_their_text():
    assert count_categories(np.array([7, 7, 8])).counts == {"7": 2, "8": 1}
    assert count_categories(pa.array([True, False, True])).counts == {"true": 2, "false": 1}


def test_rare_values_are_merged_on_both_sides():
    # Both have 10 values, so half of each pooled count is expected: a 6, b 2.5, c 1.5.
    p, q = Categories({"a": 6, "b": 4}, missing=3), Categories({"a": 6, "c": 3, "b": 1})
    left, right = merge_rare(p, q, max_values=10, min_count=2.5)
    assert left == Categories({"a": 6, "b": 4}, other=0, missing=3)
    assert right == Categories({"a": 6, "b": 1}, other=3)


def test_only_the_most_frequent_values_are_kept():
    p = Categories({f"v{i:03}": 1000 - i for i in range(900)})
    left, right = merge_rare(p, p, max_values=5, min_count=1)
    assert list(left.counts) == ["v000", "v001", "v002", "v003", "v004"]
    assert left == right
    assert left.total == p.total


def test_what_is_expected_is_counted_in_the_smaller_window():
    # 100 against 10 values: of the 11 pooled b, 1 is expected in the smaller one.
    p, q = Categories({"a": 90, "b": 10}), Categories({"a": 9, "b": 1})
    assert list(merge_rare(p, q, 10, min_count=1.5)[0].counts) == ["a"]


def test_numbers_fall_into_buckets_of_equal_mass():
    # Of 0 to 7 the quartiles of the inverted distribution function are 1, 3 and 5.
    found = of(range(8))
    assert [one.count for one in found.buckets] == [1, 2, 2, 3]
    assert [one.low for one in found.buckets] == [0, 1, 3, 5]
    assert found.buckets[-1].high == pytest.approx(7)


def test_a_frequent_value_is_a_point():
    found = of([0] * 50 + list(range(1, 51)))
    assert found.buckets[0] == Bucket(0, 0, 50)
    assert found.total == 100


def test_a_column_of_one_value_is_a_point():
    assert [one for one in of([5, 5, 5]).buckets if one.count] == [Bucket(5, 5, 3)]


def test_numbers_outside_of_the_grid_get_buckets_of_their_own():
    places = grid(np.arange(8.0), 4)
    found = histogram(np.array([-3.0, 7.0, 9.0]), places)
    filled = [(one.low, one.count) for one in found.buckets if one.count]
    # 7 is the largest of the grid and stays in its last bucket, 5 to 7.
    assert filled == [(-3, 1), (5, 1), (pytest.approx(7), 1)]


def test_nan_and_infinite_numbers_lie_in_no_finite_bucket():
    found = of([1, 2, np.nan, INF, INF, -INF])
    assert found.nan == 1
    assert found.buckets[0] == Bucket(-INF, -INF, 1)
    assert found.buckets[-1] == Bucket(INF, INF, 2)
    assert found.total == 6


def test_a_histogram_without_finite_numbers_is_empty_but_for_them():
    assert of([]).buckets == ()
    assert of([np.nan, INF]).buckets == (Bucket(INF, INF, 1),)


def test_finite_numbers_fit_a_grid_without_any():
    found = histogram(np.array([3.0, 4.0]), grid(np.empty(0), 4))
    assert [one.count for one in found.buckets] == [2]


def test_numbers_drop_nulls_and_keep_nan():
    found = numbers(pa.array([1, None, 2.5, np.nan]))
    assert found.tolist()[:2] == [1, 2.5]
    assert np.isnan(found[2])


def test_lengths_are_those_of_the_lists_that_are_there():
    assert lengths(pa.array([[1, 2], None, [], [3]])).tolist() == [2, 0, 1]


def test_no_value_is_lost():
    values = np.random.default_rng(0).normal(size=10_000).round(1)
    places = grid(values[:5000], 20)
    assert histogram(values, places).total == 10_000
