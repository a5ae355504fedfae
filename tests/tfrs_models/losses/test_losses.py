"""What every retrieval loss must do."""

from types import ModuleType
from typing import Any

import numpy as np
import pytest

from configs import plugins
from configs.section import Section
from tfrs_models.backend import tf
from tfrs_models.losses._softmax import Negatives

COUNTS = np.array([0, 0, 5, 1, 30, 2, 9, 400, 1])
SEED = tf.constant([3, 4])
POSITIVE = tf.constant([1.0, -2.0, 0.5])
NEGATIVE = tf.constant([[0.0, 1.0], [2.0, -3.0], [0.1, 0.2]])
WEIGHT = tf.constant([1.0, 0.5, 2.0])


@pytest.fixture(params=plugins.names("loss"))
def plugin(request: pytest.FixtureRequest) -> ModuleType:
    return plugins.load("loss", request.param)


def options(plugin: ModuleType) -> Section:
    parsed: Section = plugin.Options()
    return parsed


def draw(plugin: ModuleType, seed: Any = SEED) -> Negatives:
    drawn: Negatives = plugin.negatives(options(plugin), COUNTS)(seed)
    return drawn


def loss(plugin: ModuleType, positive: Any, negative: Any, weight: Any) -> Any:
    return plugin.loss(options(plugin), positive, negative, weight)


def test_negatives_are_known_items(plugin: ModuleType) -> None:
    rows = draw(plugin).rows.numpy()
    assert rows.min() >= 2
    assert rows.max() < len(COUNTS)


def test_every_negative_has_a_finite_correction(plugin: ModuleType) -> None:
    drawn = draw(plugin)
    assert drawn.rows.dtype == tf.int32
    assert drawn.correction.dtype == tf.float32
    assert drawn.rows.shape == drawn.correction.shape
    assert np.isfinite(drawn.correction.numpy()).all()


def test_the_same_seed_gives_the_same_negatives(plugin: ModuleType) -> None:
    first, second = draw(plugin), draw(plugin)
    np.testing.assert_array_equal(first.rows, second.rows)
    np.testing.assert_array_equal(first.correction, second.correction)


def test_a_compiled_sampler_gives_the_same_negatives(plugin: ModuleType) -> None:
    sampler = plugin.negatives(options(plugin), COUNTS)
    compiled = tf.function(sampler, autograph=False)(SEED)
    np.testing.assert_array_equal(compiled.rows, sampler(SEED).rows)


def test_the_loss_is_a_float_scalar(plugin: ModuleType) -> None:
    value = loss(plugin, POSITIVE, NEGATIVE, WEIGHT)
    assert value.shape == ()
    assert value.dtype == tf.float32


def test_a_weight_of_0_ignores_an_example(plugin: ModuleType) -> None:
    weight = tf.constant([1.0, 0.0, 2.0])
    other = tf.constant([1.0, 7.0, 0.5])
    assert loss(plugin, POSITIVE, NEGATIVE, weight) == loss(plugin, other, NEGATIVE, weight)


def test_weights_scale_the_loss(plugin: ModuleType) -> None:
    once, twice = (loss(plugin, POSITIVE, NEGATIVE, factor * WEIGHT) for factor in (1.0, 2.0))
    np.testing.assert_allclose(twice, 2 * once, rtol=1e-6)


def test_the_loss_falls_as_the_positive_rises(plugin: ModuleType) -> None:
    assert loss(plugin, POSITIVE + 1.0, NEGATIVE, WEIGHT) < loss(plugin, POSITIVE, NEGATIVE, WEIGHT)


def test_the_order_of_negatives_does_not_matter(plugin: ModuleType) -> None:
    turned = tf.reverse(NEGATIVE, [1])
    expected = loss(plugin, POSITIVE, NEGATIVE, WEIGHT)
    np.testing.assert_allclose(loss(plugin, POSITIVE, turned, WEIGHT), expected, rtol=1e-6)


def test_a_masked_negative_counts_for_nothing(plugin: ModuleType) -> None:
    masked = tf.concat([NEGATIVE, tf.fill([3, 1], -1e9)], axis=1)
    expected = loss(plugin, POSITIVE, NEGATIVE, WEIGHT)
    np.testing.assert_allclose(loss(plugin, POSITIVE, masked, WEIGHT), expected, rtol=1e-6)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e4])
def test_loss_and_gradient_stay_finite(plugin: ModuleType, scale: float) -> None:
    positive, negative = tf.Variable(scale * POSITIVE), tf.Variable(scale * NEGATIVE)
    with tf.GradientTape() as tape:
        value = loss(plugin, positive, negative, WEIGHT)
    gradients = tape.gradient(value, [positive, negative])
    assert all(np.isfinite(array.numpy()).all() for array in (value, *gradients))
