"""What every interaction must do, and each by its formula."""

import itertools
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from configs import plugins
from tfrs_models.backend import tf
from tfrs_models.layers.interactions import cross, fm, none

RANDOM = np.random.default_rng(0)
VALUES = tf.constant(RANDOM.normal(0, 1, (5, 7)), tf.float32)
FIELDS = tf.constant(RANDOM.normal(0, 1, (5, 3, 2)), tf.float32)


@pytest.fixture(params=plugins.names("interaction"))
def plugin(request: pytest.FixtureRequest) -> ModuleType:
    return plugins.load("interaction", request.param)


def make(plugin: ModuleType, seed: int = 0, **options: Any) -> Any:
    return plugin.interaction(plugin.Options(**options), 7, seed)


def test_rows_stay_and_the_inputs_remain_visible(plugin: ModuleType) -> None:
    found = make(plugin)(VALUES, FIELDS)
    assert found.dtype == tf.float32
    assert found.shape[0] == 5
    assert found.shape[1] >= 7


def test_a_row_alone_is_what_it_is_among_others(plugin: ModuleType) -> None:
    interaction = make(plugin)
    alone = interaction(VALUES[1:2], FIELDS[1:2])
    np.testing.assert_allclose(alone, interaction(VALUES, FIELDS)[1:2], rtol=1e-5)


def test_inputs_without_ids_are_enough(plugin: ModuleType) -> None:
    assert make(plugin)(VALUES, None).shape == (5, 7)


def test_the_same_seed_gives_the_same_result(plugin: ModuleType) -> None:
    first, second = (make(plugin, seed=3)(VALUES, FIELDS) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_none_gives_the_inputs_back() -> None:
    assert make(none)(VALUES, FIELDS) is VALUES


def test_fm_is_the_sum_over_all_pairs_beside_the_inputs() -> None:
    found = make(fm)(VALUES, FIELDS).numpy()
    fields = FIELDS.numpy()
    pairs = sum(fields[:, i] * fields[:, j] for i, j in itertools.combinations(range(3), 2))
    np.testing.assert_array_equal(found[:, :7], VALUES)
    np.testing.assert_allclose(found[:, 7:], pairs, atol=1e-5)


def test_fm_of_one_field_has_no_pair() -> None:
    np.testing.assert_allclose(make(fm)(VALUES, FIELDS[:, :1])[:, 7:], np.zeros((5, 2)), atol=1e-6)


def test_crosses_of_zero_matrices_are_the_inputs() -> None:
    layer = make(cross)
    layer(VALUES, FIELDS)
    layer.set_weights([np.zeros_like(weights) for weights in layer.get_weights()])
    np.testing.assert_array_equal(layer(VALUES, FIELDS), VALUES)


def test_a_cross_layer_multiplies_the_inputs_with_a_low_rank_sum() -> None:
    layer = make(cross, layers=2, rank=3)
    found = layer(VALUES, FIELDS)
    values = VALUES.numpy().astype(np.float64)
    expected = values
    for down, up in zip(layer.down, layer.up, strict=True):
        matrix = down.kernel.numpy().astype(np.float64) @ up.kernel.numpy()
        assert matrix.shape == (7, 7)
        assert np.linalg.matrix_rank(matrix, tol=1e-5) == 3
        expected = values * (expected @ matrix + up.bias.numpy()) + expected
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_layers_of_one_cross_start_apart() -> None:
    layer = make(cross)
    layer(VALUES, FIELDS)
    assert np.any(layer.down[0].kernel != layer.down[1].kernel)


def test_the_rank_is_no_more_than_the_width() -> None:
    layer = make(cross, rank=32)
    layer(VALUES, FIELDS)
    assert layer.down[0].kernel.shape == (7, 7)
