import math

import numpy as np
import pytest

from configs.errors import DataError
from tfrs_models.metrics.reliability import ece, expected_over_observed, reliability

# two bins: predictions 0.1 and 0.3 with labels 0, 1; predictions 0.8 and 0.6 with labels 1, 1
FOUR = np.array([0.3, 0.8, 0.1, 0.6]), np.array([1.0, 1, 0, 1])


def test_bins_by_hand():
    found = reliability(*FOUR, bins=2)
    np.testing.assert_allclose(found.prediction, [0.2, 0.7])
    assert found.label.tolist() == [0.5, 1]
    assert found.weight.tolist() == [2, 2]


def test_ece_by_hand():
    # gaps of 0.3 and 0.3
    assert ece(*FOUR, bins=2) == pytest.approx(0.3)


def test_ece_weights_its_bins():
    # weights 1, 3, 1, 3 in the order of the predictions 0.1, 0.3, 0.6, 0.8; a bin each.
    # The gaps 0.1, 0.7, 0.4 and 0.2 weigh 1, 3, 1 and 3.
    weights = np.array([3.0, 3, 1, 1])
    assert ece(*FOUR, weights, bins=100) == pytest.approx((0.1 + 2.1 + 0.4 + 0.6) / 8)


def test_expected_over_observed_by_hand():
    # 1.8 predicted, 3 observed
    assert expected_over_observed(*FOUR) == pytest.approx(0.6)


def test_expected_over_observed_is_weighted():
    # 0.3 * 2 + 0.8 of 2 + 1
    weights = np.array([2.0, 1, 0, 0])
    assert expected_over_observed(*FOUR, weights) == pytest.approx(1.4 / 3)


def test_nothing_observed_has_no_ratio():
    assert math.isnan(expected_over_observed(FOUR[0], np.zeros(4)))


def test_the_interval_is_wilsons():
    # Newcombe, Statistics in Medicine 17 (1998), table I: 81 of 263 gives 0.2553 to 0.3662,
    # and 0 of 20 gives 0 to 0.1611
    for hits, size, expected in ((81, 263, (0.2553, 0.3662)), (0, 20, (0, 0.1611))):
        labels = (np.arange(size) < hits).astype(float)
        found = reliability(np.full(size, 0.5), labels)
        np.testing.assert_allclose([*found.low, *found.high], expected, atol=5e-5)


def test_equal_weights_of_any_size_give_the_interval_of_the_count():
    once, tenfold = reliability(*FOUR, bins=2), reliability(*FOUR, np.full(4, 10.0), bins=2)
    np.testing.assert_allclose(once.low, tenfold.low)
    np.testing.assert_allclose(once.high, tenfold.high)


def test_bins_have_equal_weight():
    predictions = np.random.default_rng(0).uniform(size=1000)
    assert reliability(predictions, np.ones(1000)).weight.tolist() == [50] * 20


def test_equal_predictions_share_a_bin():
    # the 60 equal ones are centred at 0.7 of the weight: bin 14 of 20
    predictions = np.concatenate([np.linspace(0, 0.4, 40), np.full(60, 0.5)])
    weight = reliability(predictions, np.zeros(100)).weight
    assert weight.tolist() == [5] * 8 + [60]


def test_fewer_examples_than_bins_have_one_each():
    assert reliability(*FOUR).weight.tolist() == [1] * 4


def test_examples_of_weight_0_are_in_no_bin():
    assert reliability(*FOUR, np.array([1.0, 0, 1, 0])).prediction.tolist() == [0.1, 0.3]


def test_frequencies_have_a_small_ece():
    generator = np.random.default_rng(0)
    predictions = generator.uniform(size=100_000)
    labels = (generator.uniform(size=100_000) < predictions).astype(float)
    assert ece(predictions, labels) < 0.008  # noise gives about 0.8 sqrt(20 / 6 / 100,000) = 0.005


def test_logits_are_refused():
    with pytest.raises(DataError, match="`predictions` must lie from 0 to 1, received -1 in row 0"):
        ece(np.array([-1.0]), np.ones(1))
