from typing import Any

import numpy as np

from tfrs_models.backend import tf
from tfrs_models.negatives._sampler import Draws
from trainers.negatives import OwnItems, distinct, own_items


def draws(rows: list[int]) -> Draws:
    """Draws whose logarithm is a tenth of the row."""
    drawn = tf.constant(rows, tf.int32)
    return Draws(drawn, tf.cast(drawn, tf.float32) / 10, tf.zeros([0]))


def found(rows: list[int], own: list[tuple[int, int]], windows: int = 2) -> Any:
    """Distinct negatives when windows own items, given as (window, item)."""
    window, item = zip(*own, strict=True) if own else ((), ())
    owned = OwnItems(tf.constant(item, tf.int32), tf.constant(window, tf.int32))
    return distinct(draws(rows), owned, windows)


def test_repeats_are_counted_and_scored_once() -> None:
    negatives = found([7, 3, 7, 9, 7, 3], [])
    assert negatives.rows.numpy().tolist() == [3, 7, 9]
    assert negatives.count.numpy().tolist() == [2, 3, 1]
    np.testing.assert_allclose(negatives.log_expected, [0.3, 0.7, 0.9], rtol=1e-6)
    assert negatives.usable.numpy().all()


def test_items_that_a_user_took_are_no_negatives_for_them() -> None:
    negatives = found([3, 5, 7], [(0, 5), (1, 3), (1, 7), (1, 99), (0, 1)])
    assert negatives.usable.numpy().tolist() == [[True, False, True], [False, True, False]]


def test_an_item_taken_twice_is_masked_all_the_same() -> None:
    assert found([3, 5], [(0, 5), (0, 5)]).usable.numpy().tolist() == [[True, False], [True, True]]


def test_no_draw_is_no_negative() -> None:
    negatives = found([0, 4, 0], [])
    assert negatives.rows.numpy().tolist() == [0, 4]
    assert negatives.usable.numpy().tolist() == [[False, True]] * 2


def test_without_draws_there_are_no_negatives() -> None:
    negatives = found([], [(0, 5)])
    assert negatives.usable.shape == (2, 0)


def test_own_items_are_all_positives_of_the_users_of_the_windows() -> None:
    # Two users with places 0 to 2 and 3 to 4; the second has two windows.
    data = {
        "item": tf.constant([10, 11, 12, 20, 21]),
        "first": tf.constant([0, 3, 3]),
        "last": tf.constant([3, 5, 5]),
    }
    own = own_items(data, tf.constant([2, 0]))
    assert own.item.numpy().tolist() == [20, 21, 10, 11, 12]
    assert own.window.numpy().tolist() == [0, 0, 1, 1, 1]
