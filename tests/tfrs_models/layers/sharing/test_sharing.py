"""What every sharing must do, and what is special about each."""

import itertools
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from configs import plugins
from tfrs_models.backend import tf
from tfrs_models.layers.mlp import Mlp
from tfrs_models.layers.sharing import mmoe, ple, shared_bottom

VALUES = tf.constant(np.random.default_rng(0).normal(0, 1, (8, 4)), tf.float32)
SEED = tf.constant([5, 6])


def hidden(seed: int, name: str) -> Mlp:
    return Mlp((6, 3), 0.5, "none", seed, name)


@pytest.fixture(params=plugins.names("sharing"))
def plugin(request: pytest.FixtureRequest) -> ModuleType:
    return plugins.load("sharing", request.param)


def make(plugin: ModuleType, tasks: int = 2, seed: int = 0, **options: Any) -> Any:
    layer = plugin.sharing(plugin.Options(**options), tasks, hidden, seed)
    layer(VALUES)
    return layer


def shake(layer: Any) -> None:
    random = np.random.default_rng(1)
    for variable in layer.trainable_variables:
        variable.assign_add(tf.constant(random.normal(0, 0.5, variable.shape), tf.float32))


@pytest.mark.parametrize("tasks", [1, 3])
def test_every_task_has_hidden_units(plugin: ModuleType, tasks: int) -> None:
    found = make(plugin, tasks)(VALUES)
    assert [one.shape for one in found] == [(8, 3)] * tasks


def test_units_are_dropped_only_with_a_seed(plugin: ModuleType) -> None:
    layer = make(plugin)
    for plain, again, dropped in zip(
        layer(VALUES), layer(VALUES), layer(VALUES, SEED), strict=True
    ):
        np.testing.assert_array_equal(plain, again)
        assert np.any(plain != dropped)


def test_the_same_seed_gives_the_same_units(plugin: ModuleType) -> None:
    for one, other in zip(make(plugin)(VALUES, SEED), make(plugin)(VALUES, SEED), strict=True):
        np.testing.assert_array_equal(one, other)


def test_another_seed_gives_other_weights(plugin: ModuleType) -> None:
    first, second = (make(plugin, seed=seed)(VALUES)[0] for seed in (0, 1))
    assert np.any(first != second)


def test_every_weight_learns(plugin: ModuleType) -> None:
    layer = make(plugin)
    shake(layer)
    with tf.GradientTape() as tape:
        loss = sum(tf.reduce_sum(tf.square(one)) for one in layer(VALUES))
    for variable, gradient in zip(
        layer.trainable_variables,
        tape.gradient(loss, layer.trainable_variables),
        strict=True,
    ):
        assert np.any(gradient), variable.name


def test_tasks_of_one_bottom_read_the_same() -> None:
    first, second = make(shared_bottom)(VALUES)
    assert first is second


@pytest.mark.parametrize(("plugin", "experts"), [(mmoe, 4), (ple, 4)])
def test_gates_start_at_equal_shares(plugin: ModuleType, experts: int) -> None:
    layer = make(plugin)
    for task, found in enumerate(layer(VALUES)):
        outputs = [expert(VALUES).numpy() for expert in (*layer.shared, *layer.own[task])]
        assert len(outputs) == experts
        np.testing.assert_allclose(found, np.mean(outputs, axis=0), atol=1e-6)


def test_a_gate_weighs_its_experts_by_the_inputs() -> None:
    layer = make(mmoe, experts=2)
    shake(layer)
    first, second = (expert(VALUES).numpy() for expert in layer.shared)
    for gate, found in zip(layer.gates, layer(VALUES), strict=True):
        logits = VALUES.numpy() @ gate.kernel.numpy()
        share = 1 / (1 + np.exp(logits[:, 1] - logits[:, 0]))[:, np.newaxis]
        np.testing.assert_allclose(found, share * first + (1 - share) * second, atol=1e-5)


@pytest.mark.parametrize("plugin", [mmoe, ple])
def test_experts_start_apart(plugin: ModuleType) -> None:
    layer = make(plugin)
    experts = [*layer.shared, *itertools.chain(*layer.own)]
    kernels = [expert.hidden[0].kernel.numpy().tobytes() for expert in experts]
    assert len(set(kernels)) == len(kernels)


def test_experts_of_a_task_are_moved_by_no_other_task() -> None:
    layer = make(ple, tasks=2, task_experts=1)
    shake(layer)
    with tf.GradientTape(persistent=True) as tape:
        losses = [tf.reduce_sum(tf.square(one)) for one in layer(VALUES)]
    for task, loss in enumerate(losses):
        moved = [
            any(g is not None for g in tape.gradient(loss, experts[0].trainable_variables))
            for experts in layer.own
        ]
        assert moved == [task == 0, task == 1]
        shared = tape.gradient(loss, layer.shared[0].trainable_variables)
        assert all(gradient is not None for gradient in shared)


def test_options_say_how_many_experts_there_are() -> None:
    layer = make(ple, tasks=3, shared_experts=1, task_experts=2)
    assert (len(layer.shared), [len(own) for own in layer.own]) == (1, [2, 2, 2])
    assert [gate.kernel.shape for gate in layer.gates] == [(4, 3)] * 3
