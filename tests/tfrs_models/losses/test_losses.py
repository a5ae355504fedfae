"""What every retrieval loss must do."""

from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from support.scores import Case

from configs import plugins
from tfrs_models.backend import tf
from tfrs_models.losses._scores import Scores

CASE = Case()


@pytest.fixture(params=plugins.names("loss"))
def plugin(request: pytest.FixtureRequest) -> ModuleType:
    return plugins.load("loss", request.param)


def loss(plugin: ModuleType, scores: Scores) -> Any:
    return plugin.loss(plugin.Options(), scores)


def changed(**columns: Any) -> Scores:
    return replace(CASE, **columns).scores()


def test_the_loss_is_a_float_scalar(plugin: ModuleType) -> None:
    value = loss(plugin, CASE.scores())
    assert value.shape == ()
    assert value.dtype == tf.float32


def test_a_compiled_loss_is_the_eager_one(plugin: ModuleType) -> None:
    compiled = tf.function(lambda scores: loss(plugin, scores), autograph=False)
    np.testing.assert_allclose(compiled(CASE.scores()), loss(plugin, CASE.scores()), rtol=1e-6)


def test_a_weight_of_0_ignores_a_target(plugin: ModuleType) -> None:
    weight, positive = CASE.weight.copy(), CASE.positive.copy()
    weight[2], positive[2] = 0, 7
    ignored = loss(plugin, changed(weight=weight, positive=positive))
    np.testing.assert_allclose(ignored, loss(plugin, changed(weight=weight)), rtol=1e-6)


def test_weights_scale_the_loss(plugin: ModuleType) -> None:
    twice = loss(plugin, changed(weight=2 * CASE.weight))
    np.testing.assert_allclose(twice, 2 * loss(plugin, CASE.scores()), rtol=1e-6)


def test_the_loss_falls_as_the_targets_rise(plugin: ModuleType) -> None:
    higher = loss(plugin, changed(positive=CASE.positive + 0.2))
    assert higher < loss(plugin, CASE.scores())


def test_the_loss_rises_with_the_negatives(plugin: ModuleType) -> None:
    assert loss(plugin, changed(negative=CASE.negative + 0.5)) > loss(plugin, CASE.scores())


def test_a_negative_that_is_not_usable_counts_for_nothing(plugin: ModuleType) -> None:
    negative = CASE.negative.copy()
    negative[~CASE.usable] = 1e6
    value = loss(plugin, changed(negative=negative))
    np.testing.assert_allclose(value, loss(plugin, CASE.scores()), rtol=1e-6)


def test_negatives_of_a_query_without_targets_count_for_nothing(plugin: ModuleType) -> None:
    negative = CASE.negative.copy()
    negative[1] = 3.0
    value = loss(plugin, changed(negative=negative))
    np.testing.assert_allclose(value, loss(plugin, CASE.scores()), rtol=1e-6)


def test_a_batch_without_targets_costs_nothing(plugin: ModuleType) -> None:
    none = {name: getattr(CASE, name)[:0] for name in ("positive", "owner", "weight")}
    scores = changed(**none, positive_log_expected=CASE.positive_log_expected[:0])
    variable = tf.Variable(scores.negative)
    with tf.GradientTape() as tape:
        value = loss(plugin, scores._replace(negative=variable + 0.0))
    gradient = tape.gradient(value, variable)
    assert value == 0
    assert gradient is None or not gradient.numpy().any()


def test_without_a_usable_negative_loss_and_gradient_are_finite(plugin: ModuleType) -> None:
    check_finite(plugin, changed(usable=np.zeros_like(CASE.usable)))


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e3])
def test_loss_and_gradient_stay_finite(plugin: ModuleType, scale: float) -> None:
    check_finite(plugin, changed(positive=scale * CASE.positive, negative=scale * CASE.negative))


def check_finite(plugin: ModuleType, scores: Scores) -> None:
    positive, negative = tf.Variable(scores.positive), tf.Variable(scores.negative)
    with tf.GradientTape() as tape:
        value = loss(plugin, scores._replace(positive=positive + 0.0, negative=negative + 0.0))
    gradients = tape.gradient(value, [positive, negative], unconnected_gradients="zero")
    assert all(np.isfinite(array.numpy()).all() for array in (value, *gradients))
