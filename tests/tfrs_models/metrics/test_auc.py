import math

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from configs.errors import DataError
from tfrs_models.metrics.auc import auc, grouped_auc

GENERATOR = np.random.default_rng(0)
SIZE = 2000
PREDICTIONS = GENERATOR.normal(size=SIZE).round(1)  # many ties
LABELS = (GENERATOR.normal(size=SIZE) < PREDICTIONS - 1).astype(float)
WEIGHTS = GENERATOR.uniform(size=SIZE)
GROUPS = GENERATOR.integers(-50, 250, SIZE)


def oracle(weights):
    """GAUC by a loop over the groups."""
    areas, totals = [], []
    for group in np.unique(GROUPS):
        of = group == GROUPS
        if LABELS[of].min() < LABELS[of].max():
            areas.append(roc_auc_score(LABELS[of], PREDICTIONS[of], sample_weight=weights[of]))
            totals.append(weights[of].sum())
    assert 50 < len(areas) < len(np.unique(GROUPS))
    return np.average(areas, weights=totals)


def test_auc_by_hand():
    # positives 0.8 and 0.4, negatives 0.6 and 0.4: won 2, tied 1 and lost 1 of 4 pairs
    assert auc(np.array([0.8, 0.4, 0.6, 0.4]), np.array([1.0, 1, 0, 0])) == 2.5 / 4


def test_weighted_auc_by_hand():
    # the pairs weigh 3 * 1 (won), 3 * 2 (won), 1 * 1 (lost), 1 * 2 (tied)
    predictions, labels = np.array([0.8, 0.4, 0.6, 0.4]), np.array([1.0, 1, 0, 0])
    assert auc(predictions, labels, np.array([3.0, 1, 1, 2])) == pytest.approx(10 / 12)


def test_grouped_auc_by_hand():
    # group 7: 1 of 2 pairs, 3 examples; group 3: its one pair, 2 examples; group 5: one class
    groups = np.array([7, 3, 7, 5, 3, 7])
    predictions = np.array([0.5, 0.9, 0.4, 0.1, 0.2, 0.6])
    labels = np.array([1.0, 1, 0, 1, 0, 0])
    assert grouped_auc(predictions, labels, groups) == pytest.approx((3 * 0.5 + 2 * 1) / 5)


def test_auc_is_that_of_scikit_learn():
    assert auc(PREDICTIONS, LABELS) == pytest.approx(roc_auc_score(LABELS, PREDICTIONS))


def test_weighted_auc_is_that_of_scikit_learn():
    expected = roc_auc_score(LABELS, PREDICTIONS, sample_weight=WEIGHTS)
    assert auc(PREDICTIONS, LABELS, WEIGHTS) == pytest.approx(expected)


def test_grouped_auc_is_a_loop_over_groups():
    assert grouped_auc(PREDICTIONS, LABELS, GROUPS) == pytest.approx(oracle(np.ones(SIZE)))


def test_weighted_grouped_auc_is_a_loop_over_groups():
    assert grouped_auc(PREDICTIONS, LABELS, GROUPS, WEIGHTS) == pytest.approx(oracle(WEIGHTS))


def test_the_order_of_the_examples_does_not_matter():
    order = GENERATOR.permutation(SIZE)
    shuffled = grouped_auc(PREDICTIONS[order], LABELS[order], GROUPS[order])
    assert shuffled == pytest.approx(grouped_auc(PREDICTIONS, LABELS, GROUPS))


def test_one_group_is_the_auc():
    one = np.zeros(SIZE, np.int64)
    assert grouped_auc(PREDICTIONS, LABELS, one) == pytest.approx(auc(PREDICTIONS, LABELS))


def test_equal_predictions_have_an_auc_of_a_half():
    assert auc(np.ones(SIZE), LABELS) == 0.5


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_one_class_has_no_auc(label):
    assert math.isnan(auc(np.arange(3.0), np.full(3, label)))


def test_a_class_of_weight_0_is_missing():
    assert math.isnan(auc(np.arange(2.0), np.array([0.0, 1.0]), np.array([1.0, 0.0])))


def test_groups_of_one_class_have_no_grouped_auc():
    assert math.isnan(grouped_auc(np.arange(2.0), np.array([0.0, 1.0]), np.array([4, 5])))


def test_labels_that_are_no_classes_are_refused():
    with pytest.raises(DataError, match=r"`labels` must be 0 or 1, received 0\.5 in row 1"):
        auc(np.arange(2.0), np.array([0, 0.5]))


def test_each_example_needs_a_group():
    with pytest.raises(DataError, match=r"`groups` must name .*\(2,\), received the shape \(1,\)"):
        grouped_auc(np.arange(2.0), np.array([0.0, 1.0]), np.array([4]))
