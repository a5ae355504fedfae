import numpy as np
import pytest

from tfrs_models.backend import tf
from tfrs_models.layers.dropout import drop_units, replace_ids

SEED = tf.constant([1, 2])
SIZE = 40_000
IDS = tf.range(2, SIZE + 2)


@pytest.mark.parametrize("by", [0, 1])
def test_a_share_of_the_ids_is_replaced(by: int) -> None:
    replaced = replace_ids(IDS, 0.3, by, SEED)
    hit = replaced.numpy() == by
    # Standard deviation of the share: sqrt(0.3 * 0.7 / 40,000) = 0.0023.
    assert abs(hit.mean() - 0.3) < 4 * 0.0023
    np.testing.assert_array_equal(replaced.numpy()[~hit], IDS.numpy()[~hit])


def test_a_share_of_0_replaces_nothing() -> None:
    assert replace_ids(IDS, 0.0, 1, SEED) is IDS


def test_the_same_seed_replaces_the_same_ids() -> None:
    first, second = (replace_ids(IDS, 0.5, 0, SEED) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_another_seed_replaces_other_ids() -> None:
    first, second = (replace_ids(IDS, 0.5, 0, seed) for seed in (SEED, SEED + 1))
    # Independent halves agree on half of the places: standard deviation 0.0025.
    agreement = ((first == 0) == (second == 0)).numpy().mean()
    assert abs(agreement - 0.5) < 4 * 0.0025


def test_the_kind_of_the_ids_stays() -> None:
    assert replace_ids(tf.constant([[5], [6]], tf.int32), 0.5, 0, SEED).dtype == tf.int32


def test_the_expectation_of_dropped_units_stays() -> None:
    dropped = drop_units(tf.ones([SIZE]), 0.2, SEED).numpy()
    assert set(np.unique(dropped)) == {np.float32(0), np.float32(1.25)}
    # Standard deviation of the mean: 1.25 * sqrt(0.2 * 0.8 / 40,000) = 0.0025.
    assert abs(dropped.mean() - 1.0) < 4 * 0.0025


def test_a_share_of_0_drops_no_unit() -> None:
    values = tf.ones([3])
    assert drop_units(values, 0.0, SEED) is values


def test_the_same_seed_drops_the_same_units() -> None:
    first, second = (drop_units(tf.ones([SIZE]), 0.2, SEED) for _ in range(2))
    np.testing.assert_array_equal(first, second)
