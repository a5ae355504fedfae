"""What each type makes of a value, with numbers derived by hand."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.datasets import make_dataset

from configs.features import FeaturesConfig
from tfrs_models.backend import tf
from tfrs_models.features.encoder import FeatureEncoder
from tfrs_models.features.fit import fit_features

Encode = Callable[..., Any]
THURSDAY = 0  # 1970-01-01
DAY = 86_400


@pytest.fixture
def encode(tmp_path: Path) -> Encode:
    """Fit one feature `x` on training values and encode raw values."""

    def run(feature: dict[str, Any], training: list[Any], raw: Any) -> Any:
        items = {f"i{index}": {"x": value} for index, value in enumerate(training)}
        times = [1_000 * DAY] * len(items)
        dataset = make_dataset(
            tmp_path / "dataset", ["u"] * len(items), list(items), times, items=items
        )
        config = {"item": {"item_id": {"type": "categorical"}, "x": feature}}
        spec = fit_features(FeaturesConfig.model_validate(config), dataset, tmp_path / "spec")
        encoder = FeatureEncoder(spec)
        signature = encoder.raw_signature("item")["x"]
        feeds = {"x": tf.constant(raw, signature.dtype), "item_id": tf.fill([len(raw)], "")}
        return encoder.encode("item", feeds)["x"].numpy().tolist()

    return run


def test_categories_are_ordered_by_count_then_by_value(encode: Encode) -> None:
    ids = encode({"type": "categorical"}, ["b", "c", "c", "a"], ["c", "a", "b", "z", ""])
    assert ids == [[2], [3], [4], [1], [0]]


def test_min_count_leaves_rare_categories_unknown(encode: Encode) -> None:
    assert encode({"type": "categorical", "min_count": 2}, ["a", "a", "b"], ["a", "b"]) == [
        [2],
        [1],
    ]


def test_max_size_keeps_the_most_frequent(encode: Encode) -> None:
    assert encode({"type": "categorical", "max_size": 1}, ["a", "a", "b"], ["a", "b"]) == [[2], [1]]


def test_category_with_a_line_break_is_unknown_and_moves_no_other(encode: Encode) -> None:
    training = ["a\nb", "a\nb", "c\r", "d"]
    assert encode({"type": "categorical"}, training, ["a\nb", "a", "c\r", "d"]) == [
        [1],
        [1],
        [1],
        [2],
    ]


def test_whole_numbers_are_categories_without_a_decimal_point(encode: Encode) -> None:
    # A missing value makes the column floating point: 7.0 must still be "7".
    assert encode({"type": "categorical"}, [7, None, 7.5], ["7", "7.5", "7.0"]) == [[2], [3], [1]]


def test_multi_valued_strips_and_drops_empty_pieces(encode: Encode) -> None:
    ids = encode({"type": "multi_valued"}, ["a|b", " a |\tc"], [" c||a ", "z", "|", ""])
    # a occurs twice: 2; b: 3; c: 4.
    assert ids == [[4, 2], [1, 0], [0, 0], [0, 0]]


def test_multi_valued_keeps_the_first_values(encode: Encode) -> None:
    assert encode({"type": "multi_valued", "max_values": 2}, ["a|b|c"], ["c|b|a"]) == [[4, 3]]


def test_multi_valued_reads_lists(encode: Encode) -> None:
    training = [["a", "b"], None, [], ["b", None]]
    assert encode({"type": "multi_valued"}, training, ["a|b"]) == [[3, 2]]


def test_multi_valued_takes_a_quote_as_separator(encode: Encode) -> None:
    assert encode({"type": "multi_valued", "separator": "'$"}, ["a'$b"], ["b'$a"]) == [[3, 2]]


def test_hash_of_a_string_never_changes(encode: Encode) -> None:
    # FarmHash64 of each modulo 1000, plus 2, as of TensorFlow 2.20: trained weights rest on it.
    assert encode({"type": "hashed", "buckets": 1000}, ["red"], ["red", "blue"]) == [
        [912],
        [347],
    ]


def test_standard_scales_by_mean_and_deviation(encode: Encode) -> None:
    # 2, 4, 6: mean 4, deviation sqrt(8 / 3); 1e9 ends at 5 deviations.
    values = encode({"type": "numeric"}, [2.0, 4.0, 6.0], [4.0, 6.0, 1e9, math.nan])
    expected = [[0.0, 0.0], [2 / math.sqrt(8 / 3), 0.0], [5.0, 0.0], [0.0, 1.0]]
    np.testing.assert_allclose(values, expected, rtol=1e-6)


def test_log_is_odd_and_scaled(encode: Encode) -> None:
    # log(1 + |x|) of e - 1 and 1 - e: 1 and -1, mean 0, deviation 1.
    one = math.e - 1
    values = encode({"type": "numeric", "transform": "log"}, [one, -one], [one, -one, 0.0])
    np.testing.assert_allclose(values, [[1, 0], [-1, 0], [0, 0]], atol=1e-6)


def test_clip_quantiles_come_before_the_scale(encode: Encode) -> None:
    # Of 0, 1, ..., 9 the quantiles 0.2 and 0.9 are 1 (2 of 10 at or below) and 8.
    feature = {"type": "numeric", "transform": "none", "clip_quantiles": [0.2, 0.9]}
    values = encode(feature, [float(v) for v in range(10)], [-100.0, 5.0, 100.0])
    assert values == [[1.0, 0.0], [5.0, 0.0], [8.0, 0.0]]


def test_quantile_is_the_share_below_from_minus_one_to_one(encode: Encode) -> None:
    # Knots at shares 0, 1/2, 1: 1, 2, 4. 3 lies half-way from share 1/2 to 1: 2 * 0.75 - 1.
    feature = {"type": "numeric", "transform": "quantile", "knots": 3}
    values = encode(feature, [1.0, 2.0, 3.0, 4.0], [0.0, 1.0, 2.0, 3.0, 4.0, 9.0])
    assert [v for v, _ in values] == [-1.0, -1.0, 0.0, 0.5, 1.0, 1.0]


@pytest.mark.parametrize("transform", ["standard", "log", "quantile"])
def test_constant_column_encodes_to_zero(encode: Encode, transform: str) -> None:
    values = encode({"type": "numeric", "transform": transform}, [0.1] * 5, [0.1, 7.0, math.nan])
    assert values == [[0.0, 0.0], [0.0, 0.0], [0.0, 1.0]]


def test_boundary_belongs_to_the_interval_above(encode: Encode) -> None:
    feature = {"type": "bucketised", "boundaries": [0, 10]}
    assert encode(feature, [1.0], [-0.5, 0.0, 9.5, 10.0, math.inf]) == [[2], [3], [3], [4], [0]]


def test_fitted_intervals_hold_equal_shares(encode: Encode) -> None:
    # Quantiles 1/2 of 1..4 is 2 (half at or below); 2 itself opens the upper interval.
    feature = {"type": "bucketised", "quantiles": 2}
    assert encode(feature, [4.0, 3.0, 2.0, 1.0], [1.0, 2.0, 3.0]) == [[2], [3], [3]]


def test_fitted_intervals_of_a_constant_column_are_two(encode: Encode) -> None:
    assert encode({"type": "bucketised", "quantiles": 5}, [3.0] * 9, [2.0, 3.0, 4.0]) == [
        [2],
        [3],
        [3],
    ]


def test_text_is_lower_cased_beyond_ascii(encode: Encode) -> None:
    feature = {"type": "text", "max_tokens": 3}
    lower, upper = encode(feature, ["x"], ["\u00e9t\u00e9 rouge", "\u00c9T\u00c9, Rouge!"])
    assert lower == upper
    assert 0 not in lower  # two words and one pair


def test_word_order_matters_from_pairs_on(encode: Encode) -> None:
    feature = {"type": "text", "word_ngrams": 2, "max_tokens": 3}
    (a, b, ab), (b2, a2, ba) = encode(feature, ["x"], ["red shoes", "shoes red"])
    assert (a, b) == (a2, b2)
    assert ab != ba


def test_text_without_a_word_is_unknown(encode: Encode) -> None:
    assert encode({"type": "text", "max_tokens": 2}, ["x"], ["!!!", " ", ""]) == [
        [1, 0],
        [1, 0],
        [0, 0],
    ]


def test_bytes_that_are_no_utf8_separate_words(encode: Encode) -> None:
    feature = {"type": "text", "max_tokens": 3}
    broken, clean = encode(feature, ["x"], [b"red\xff\xfeshoes", b"red shoes"])
    assert broken == clean


def test_character_ngrams_mark_the_ends_of_words(encode: Encode) -> None:
    feature = {"type": "text", "word_ngrams": 0, "character_ngrams": [3], "max_tokens": 4}
    # "<ab>" gives <ab and ab>; "<xab>" gives <xa, xab and ab>.
    (first, last, *rest), (_, _, end, _) = encode(feature, ["x"], ["ab", "xab"])
    assert rest == [0, 0]
    assert last == end
    assert first != last


@pytest.mark.parametrize(
    ("part", "time", "expected"),
    [
        ("hour", 13 * 3_600 + 59, 13),
        ("hour", -2 * 3_600, 22),
        ("weekday", THURSDAY, 3),
        ("weekday", -DAY, 2),
        ("weekday", 951_782_400, 1),  # 2000-02-29, a Tuesday
        ("month", 951_782_400, 1),
        ("month", 951_782_400 + DAY, 2),
        ("month", -DAY, 11),  # 1969-12-31
    ],
)
def test_part_of_a_time(encode: Encode, part: str, time: int, expected: int) -> None:
    assert encode({"type": "timestamp", "part": part}, [0], [time]) == [[expected + 2]]


def test_months_agree_with_the_calendar(encode: Encode) -> None:
    days = np.arange("1890-01-01", "2110-01-01", 13, dtype="datetime64[D]")
    months = days.astype("datetime64[M]").astype(int) % 12
    seconds = days.astype("datetime64[s]").astype(int)
    ids = encode({"type": "timestamp", "part": "month"}, [0], seconds.tolist())
    np.testing.assert_array_equal(np.ravel(ids), months + 2)


def test_age_counts_from_the_end_of_training(encode: Encode) -> None:
    # The last training event is on day 1000: day 1000 has age 0, day 900 is 100 days old.
    values = encode(
        {"type": "timestamp", "part": "age"}, [0], [1_000 * DAY, 900 * DAY, 2_000 * DAY]
    )
    expected = [[0, 0], [math.log(101) / math.log(36_526), 0], [0, 0]]
    np.testing.assert_allclose(values, expected, rtol=1e-6)


def test_vector_is_scaled_to_length_one(encode: Encode) -> None:
    feature = {"type": "vector", "width": 2, "normalise": True}
    values = encode(feature, [[1.0, 0.0]], [[3.0, 4.0], [0.0, 0.0], [math.nan, 1.0]])
    np.testing.assert_allclose(values, [[0.6, 0.8], [0, 0], [0, 0]], rtol=1e-6)


@pytest.mark.parametrize(
    ("feature", "words"),
    [
        ({"type": "bucketised"}, "exactly one of `boundaries"),
        ({"type": "bucketised", "boundaries": [1, 1]}, "must increase"),
        ({"type": "numeric", "clip_quantiles": [0.9, 0.1]}, "must increase"),
        ({"type": "text", "word_ngrams": 0}, "no n-grams"),
        ({"type": "text", "character_ngrams": [0]}, "lengths from 1"),
        ({"type": "vector"}, "width"),
        ({"type": "timestamp", "part": "minute"}, "hour"),
    ],
)
def test_wrong_options_are_refused(feature: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        FeaturesConfig.model_validate({"item": {"item_id": {"type": "categorical"}, "x": feature}})
