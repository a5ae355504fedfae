from typing import Any

import numpy as np
import pytest

from tfrs_models.backend import tf
from tfrs_models.layers.history import HistoryPooling, HistoryTower

ROWS = tf.constant([[[1.0, 0.0], [2.0, 4.0], [8.0, 8.0]]])


def pooled(ids: list[int], log_weights: list[float] | None = None) -> Any:
    layer = HistoryPooling(3, learned=log_weights is not None)
    layer.log_weights.assign(log_weights or [0.0, 0.0, 0.0])
    return layer(ROWS, tf.constant([ids])).numpy()[0]


def test_the_sum_is_divided_by_the_root_of_one_more_than_its_length() -> None:
    # [1 + 2 + 8, 0 + 4 + 8] / sqrt(1 + 3)
    np.testing.assert_allclose(pooled([5, 6, 7]), [5.5, 6.0], rtol=1e-6)


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ([5, 6, 0], [3 / 3**0.5, 4 / 3**0.5]),
        ([5, 0, 7], [9 / 3**0.5, 8 / 3**0.5]),
        ([0, 6, 0], [2 / 2**0.5, 4 / 2**0.5]),
    ],
)
def test_padding_counts_nowhere(ids: list[int], expected: list[float]) -> None:
    np.testing.assert_allclose(pooled(ids), expected, rtol=1e-6)


def test_an_empty_history_is_zero() -> None:
    assert pooled([0, 0, 0]).tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    ("ids", "weights"),
    [
        ([5, 6, 7], [5, 3, 2]),
        ([5, 6, 0], [3, 2, 0]),
        ([5, 0, 7], [3, 0, 2]),
        ([0, 6, 0], [0, 2, 0]),
    ],
)
def test_learned_weights_count_back_from_the_latest_item(
    ids: list[int], weights: list[float]
) -> None:
    # exp(log_weights) is 2 for the latest item, 3 for the one before, 5 for the first.
    expected = weights @ ROWS[0].numpy() / np.sqrt(1 + np.square(weights).sum())
    result = pooled(ids, [np.log(2.0), np.log(3.0), np.log(5.0)])
    np.testing.assert_allclose(result, expected, rtol=1e-6)


def test_only_recency_learns_the_weights() -> None:
    assert len(HistoryPooling(3, learned=True).trainable_variables) == 1
    assert len(HistoryPooling(3, learned=False).trainable_variables) == 0


def test_the_map_of_the_tower_starts_as_the_identity() -> None:
    ids = tf.constant([[5, 0, 7]])
    tower = HistoryTower(3, 2, learned=False)
    np.testing.assert_array_equal(tower(ROWS, ids), tower.pooling(ROWS, ids))
