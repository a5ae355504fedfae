import math

import numpy as np
import pytest
from sklearn import metrics as oracle

from tfrs_models.metrics.pointwise import log_loss, mae, normalized_entropy, rmse

GENERATOR = np.random.default_rng(0)
PREDICTIONS = GENERATOR.uniform(size=500)
LABELS = (GENERATOR.uniform(size=500) < PREDICTIONS).astype(float)
WEIGHTS = GENERATOR.uniform(size=500)

TWO = np.array([0.25, 0.5]), np.array([1.0, 0.0])


def test_log_loss_by_hand():
    # -(log 0.25 + log 0.5) / 2 = 1.5 log 2
    assert log_loss(*TWO) == pytest.approx(1.5 * math.log(2))


def test_normalized_entropy_by_hand():
    # 1.5 log 2 over the entropy log 2 of a rate of one half
    assert normalized_entropy(*TWO) == pytest.approx(1.5)


def test_weighted_normalized_entropy_uses_the_weighted_rate():
    # weights 3 and 1: the loss is (3 * 2 log 2 + log 2) / 4; the rate 3/4 has 2 log 2 - 3/4 log 3
    value = normalized_entropy(*TWO, np.array([3.0, 1.0]))
    assert value == pytest.approx(7 / 4 * math.log(2) / (2 * math.log(2) - 0.75 * math.log(3)))


def test_the_mean_label_has_normalized_entropy_1():
    mean = np.full_like(LABELS, LABELS.mean())
    assert normalized_entropy(mean, LABELS) == pytest.approx(1)


def test_one_class_has_no_normalized_entropy():
    assert math.isnan(normalized_entropy(np.array([0.5, 0.5]), np.ones(2)))


def test_errors_by_hand():
    # errors 3 and 4
    predictions, labels = np.array([1.0, 5.0]), np.array([4.0, 1.0])
    assert rmse(predictions, labels) == pytest.approx(math.sqrt(12.5))
    assert mae(predictions, labels) == 3.5


def test_errors_are_weighted():
    # errors 3 with weight 3, and 4 with weight 1
    predictions, labels, weights = np.array([1.0, 5.0]), np.array([4.0, 1.0]), np.array([3.0, 1.0])
    assert rmse(predictions, labels, weights) == pytest.approx(math.sqrt(43 / 4))
    assert mae(predictions, labels, weights) == 13 / 4


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_log_loss_is_that_of_scikit_learn_at_0_and_1_too(dtype):
    predictions = np.concatenate([[0.0, 1.0], PREDICTIONS[2:]]).astype(dtype)
    labels = np.concatenate([[1.0, 0.0], LABELS[2:]])
    expected = oracle.log_loss(labels, predictions, sample_weight=WEIGHTS)
    assert log_loss(predictions, labels, WEIGHTS) == pytest.approx(expected, rel=1e-5)


def test_the_squared_rmse_is_the_brier_score():
    expected = oracle.brier_score_loss(LABELS, PREDICTIONS, sample_weight=WEIGHTS)
    assert rmse(PREDICTIONS, LABELS, WEIGHTS) ** 2 == pytest.approx(expected)


def test_labels_between_0_and_1_are_shares_of_an_example():
    # 0.25 of a positive and 0.75 of a negative
    split = log_loss(np.array([0.3, 0.3]), np.array([1.0, 0.0]), np.array([0.25, 0.75]))
    assert log_loss(np.array([0.3]), np.array([0.25])) == pytest.approx(split)
