from typing import Any

import numpy as np
import pytest
from support.models import dense

from tfrs_models.backend import tf
from tfrs_models.layers.mlp import Mlp

VALUES = tf.constant(np.random.default_rng(0).normal(0, 1, (50, 4)), tf.float32)
SEED = tf.constant([3, 4])


def make(units: tuple[int, ...] = (6, 5), seed: int = 1, **options: Any) -> Mlp:
    mlp = Mlp(units, **{"dropout": 0.5, "normalization": "none", **options}, seed=seed, name="mlp")
    mlp(VALUES)
    return mlp


def test_it_is_dense_layers_with_relu() -> None:
    mlp, expected = make(), VALUES.numpy().astype(np.float64)
    for layer in mlp.hidden:
        expected = np.maximum(dense(layer)(expected), 0)
    assert expected.shape == (50, 5)
    np.testing.assert_allclose(mlp(VALUES), expected, atol=1e-5)


def test_without_units_it_gives_the_input_back() -> None:
    assert make(())(VALUES, SEED) is VALUES


def test_units_are_dropped_only_with_a_seed() -> None:
    mlp = make()
    np.testing.assert_array_equal(mlp(VALUES), mlp(VALUES))
    assert np.any(mlp(VALUES) != mlp(VALUES, SEED))


def test_the_same_seed_drops_the_same_units() -> None:
    mlp = make()
    np.testing.assert_array_equal(mlp(VALUES, SEED), mlp(VALUES, SEED))
    assert np.any(mlp(VALUES, SEED) != mlp(VALUES, SEED + 100))


def test_each_layer_drops_units_of_its_own() -> None:
    """With ones everywhere, what is 0 was dropped: half of each layer, and not the same half."""
    mlp = make((2_000, 2_000))
    first, second = mlp.hidden
    first.set_weights([np.ones((4, 2_000)), np.zeros(2_000)])
    second.set_weights([np.eye(2_000), np.zeros(2_000)])
    kept = (mlp(tf.ones([1, 4]), SEED).numpy() > 0).mean()
    # A quarter survives both; standard deviation sqrt(3/16 / 2,000) = 0.01.
    assert abs(kept - 0.25) < 0.04


def test_a_share_of_0_drops_nothing() -> None:
    mlp = make(dropout=0.0)
    np.testing.assert_array_equal(mlp(VALUES, SEED), mlp(VALUES))


def test_normalised_sums_do_not_depend_on_the_scale_of_the_input() -> None:
    mlp = make((6,), normalization="layer")
    np.testing.assert_allclose(mlp(VALUES * 100), mlp(VALUES), atol=0.02)
    assert len(mlp.trainable_variables) == 4


def test_normalised_sums_are_standardised_before_the_relu() -> None:
    mlp = make((6,), normalization="layer")
    sums = dense(mlp.hidden[0])(VALUES.numpy().astype(np.float64))
    deviation = np.sqrt(sums.var(axis=1, keepdims=True) + mlp.normal[0].epsilon)
    expected = np.maximum((sums - sums.mean(axis=1, keepdims=True)) / deviation, 0)
    np.testing.assert_allclose(mlp(VALUES), expected, atol=1e-5)


@pytest.mark.parametrize(("seed", "same"), [(1, True), (2, False)])
def test_the_seed_decides_the_weights(seed: int, same: bool) -> None:
    first, second = (make(seed=s).hidden[0].kernel.numpy() for s in (1, seed))
    assert np.array_equal(first, second) is same
