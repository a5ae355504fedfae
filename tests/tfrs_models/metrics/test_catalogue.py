import numpy as np
import pytest
from numpy.testing import assert_allclose

from tfrs_models.metrics.catalogue import coverage, exposure, gini, novelty, popularity_share

# Six item rows: 0 and 1 are reserved, the catalogue is 2..5. 0 in a list is an empty place.
LISTS = np.array([[2, 3], [2, 0], [2, 4]], np.int32)


def test_exposure_counts_the_catalogue_without_the_reserved_rows():
    assert exposure(LISTS, 6).tolist() == [3, 1, 1, 0]


def test_coverage_is_the_share_of_items_shown():
    assert coverage(exposure(LISTS, 6)) == 3 / 4


def test_gini_is_zero_for_equal_exposure():
    assert gini(np.array([4, 4, 4])) == 0


def test_gini_nears_one_when_one_item_takes_all():
    # (2 * 4 - 4 - 1) * 7 / (4 * 7) = 3/4 = (N - 1) / N.
    assert gini(np.array([0, 7, 0, 0])) == pytest.approx(3 / 4)


def test_gini_by_hand():
    # Ascending 0 1 1 3, weights -3 -1 1 3: (0 - 1 + 1 + 9) / (4 * 5).
    assert gini(np.array([3, 1, 1, 0])) == pytest.approx(9 / 20)


def test_gini_equals_the_mean_absolute_difference():
    shown = np.random.default_rng(0).integers(0, 50, 40)
    pairwise = np.abs(shown[:, None] - shown[None, :]).mean()
    assert gini(shown) == pytest.approx(pairwise / (2 * shown.mean()))


def test_gini_of_nothing_shown_is_zero():
    assert gini(np.zeros(3, np.int64)) == 0


def test_popularity_share_ignores_empty_places():
    popular = np.array([False, False, True, False, False, False])
    assert popularity_share(LISTS, popular) == pytest.approx(3 / 5)


def test_novelty_is_the_self_information_of_the_training_counts():
    # 12 events over 4 items, one added to each: 16. Row 2 has (7 + 1)/16 -> 1 bit,
    # row 3 has (3 + 1)/16 -> 2 bits, row 4 has (1 + 1)/16 -> 3 bits.
    counts = np.array([0, 0, 7, 3, 1, 1])
    assert_allclose(novelty(LISTS, counts), [(1 + 2) / 2, 1, (1 + 3) / 2])


def test_novelty_of_an_empty_list_is_undefined():
    assert np.isnan(novelty(np.zeros((1, 2), np.int32), np.array([0, 0, 1]))).all()


def test_items_without_training_events_have_a_finite_novelty():
    assert np.isfinite(novelty(np.array([[2]], np.int32), np.zeros(4, np.int64))).all()
