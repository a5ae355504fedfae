"""The rules against a second implementation in float64 and against Keras."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tfrs_models.backend import tf
from trainers.optimizers.row_sparse import RowSparse
from trainers.optimizers.rules import RULES, Rule, adagrad, adam, ftrl, sgd

STEPS = 20
GRADIENTS = np.random.default_rng(0).normal(0, 1, (STEPS, 6, 3)).astype(np.float32)
START = np.random.default_rng(1).normal(0, 1, (6, 3)).astype(np.float32)


def trained(optimizer: Any, start: NDArray[Any] = START) -> NDArray[Any]:
    variable = tf.Variable(start)
    for gradient in GRADIENTS:
        optimizer.apply_gradients([(tf.constant(gradient), variable)])
    weights: NDArray[Any] = variable.numpy()
    return weights


def ours(rule: Rule, rate: float) -> RowSparse:
    return RowSparse(rule, rate, "ours")


def test_adam_equals_its_paper() -> None:
    weights, first, second = START.astype(np.float64), 0.0, 0.0
    for t, gradient in enumerate(GRADIENTS.astype(np.float64), start=1):
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        rate = 0.05 * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        weights = weights - rate * first / (np.sqrt(second) + 1e-8)
    np.testing.assert_allclose(trained(ours(adam(), 0.05)), weights, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("epsilon", [1e-8, 0.1])
def test_adam_equals_keras_with_epsilon_in_the_same_place(epsilon: float) -> None:
    keras = tf.keras.optimizers.Adam(0.05, epsilon=epsilon)
    result = trained(ours(adam(epsilon=epsilon), 0.05))
    np.testing.assert_allclose(result, trained(keras), rtol=1e-5, atol=1e-6)


def test_adagrad_equals_keras() -> None:
    keras = tf.keras.optimizers.Adagrad(0.3, initial_accumulator_value=0.2, epsilon=1e-6)
    result = trained(ours(adagrad(0.2, 1e-6), 0.3))
    np.testing.assert_allclose(result, trained(keras), rtol=1e-5, atol=1e-6)


def test_adagrad_by_hand() -> None:
    # accumulator 0.1 + 3**2 = 9.1, then 9.1 + 1 = 10.1.
    variable, optimizer = tf.Variable([1.0]), ours(adagrad(epsilon=0.0), 0.5)
    for gradient in (3.0, -1.0):
        optimizer.apply_gradients([(tf.constant([gradient]), variable)])
    expected = 1.0 - 0.5 * (3 / np.sqrt(9.1) - 1 / np.sqrt(10.1))
    np.testing.assert_allclose(variable, [expected], rtol=1e-6)


def test_sgd_equals_keras() -> None:
    result = trained(ours(sgd(), 0.1))
    np.testing.assert_allclose(result, trained(tf.keras.optimizers.SGD(0.1)), rtol=1e-6)


@pytest.mark.parametrize("name", RULES)
def test_a_rule_knows_its_name_and_settings(name: str) -> None:
    rule = RULES[name](**({"l1": 0.3} if name == "ftrl" else {}))
    assert rule.name == name
    assert RULES[name](**rule.settings).settings == rule.settings


@pytest.mark.parametrize(("l1", "l2"), [(0.0, 0.0), (0.5, 0.0), (0.5, 0.3)])
def test_ftrl_equals_keras(l1: float, l2: float) -> None:
    keras = tf.keras.optimizers.Ftrl(
        0.05, l1_regularization_strength=l1, l2_regularization_strength=l2
    )
    result = trained(ours(ftrl(l1, l2), 0.05), np.zeros_like(START))
    np.testing.assert_allclose(result, trained(keras, np.zeros_like(START)), rtol=1e-4, atol=1e-6)


def test_ftrl_by_hand() -> None:
    # accumulator 0.1 + 2**2 = 4.1; linear 2; weight -(2 - 0.5) / (sqrt(4.1) / 0.1).
    variable = tf.Variable([0.0])
    ours(ftrl(l1=0.5), 0.1).apply_gradients([(tf.constant([2.0]), variable)])
    np.testing.assert_allclose(variable, [-1.5 * 0.1 / np.sqrt(4.1)], rtol=1e-6)


def test_ftrl_leaves_weak_weights_at_exactly_0() -> None:
    variable = tf.Variable([0.0, 0.0])
    optimizer = ours(ftrl(l1=1.0), 0.1)
    for gradient in ([0.4, 2.0], [0.5, 2.0]):
        optimizer.apply_gradients([(tf.constant(gradient), variable)])
    weak, strong = variable.numpy()
    assert weak == 0.0
    assert strong < 0.0


def test_ftrl_returns_a_weight_to_exactly_0() -> None:
    variable = tf.Variable([0.0])
    optimizer = ours(ftrl(l1=1.0), 0.1)
    optimizer.apply_gradients([(tf.constant([2.0]), variable)])
    assert variable.numpy()[0] < 0.0
    # The linear slot was 2 and grows by gradient - sigma * weight: -1.9 brings it below 1.
    optimizer.apply_gradients([(tf.constant([-1.9]), variable)])
    assert variable.numpy()[0] == 0.0
