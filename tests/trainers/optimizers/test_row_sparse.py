import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tfrs_models.backend import tf
from trainers.optimizers.row_sparse import RowSparse
from trainers.optimizers.rules import Rule, adagrad, adam, ftrl, sgd
from trainers.optimizers.schedule import Schedule

ROWS, DIM = 10, 3
START = np.random.default_rng(0).normal(0, 1, (ROWS, DIM)).astype(np.float32)
IDS = ([1, 4, 4, 7], [4, 0], [7, 7, 7], [1], [4, 9, 1])
"""The rows of five steps; 2, 3, 5, 6 and 8 are never seen."""


@pytest.fixture(params=[adam(), adagrad(), sgd(), ftrl(0.01)], ids=lambda rule: rule.name)
def rule(request: pytest.FixtureRequest) -> Rule:
    found: Rule = request.param
    return found


def gradient(step: int) -> Any:
    values = np.random.default_rng(step + 1).normal(0, 1, (len(IDS[step]), DIM))
    return tf.IndexedSlices(
        tf.constant(values, tf.float32), tf.constant(IDS[step]), tf.constant([ROWS, DIM])
    )


def dense(step: int) -> NDArray[np.float64]:
    slices = gradient(step)
    total = np.zeros((ROWS, DIM))
    np.add.at(total, slices.indices.numpy(), slices.values.numpy().astype(np.float64))
    return total


def steps(optimizer: RowSparse, variable: Any, numbers: range = range(5)) -> None:
    for number in numbers:
        optimizer.apply_gradients([(gradient(number), variable)])


def test_adam_updates_the_rows_seen_and_sums_duplicates() -> None:
    weights = START.astype(np.float64)
    first, second = np.zeros((2, ROWS, DIM))
    for t in range(1, 6):
        seen, total = np.unique(IDS[t - 1]), dense(t - 1)
        first[seen] = 0.9 * first[seen] + 0.1 * total[seen]
        second[seen] = 0.999 * second[seen] + 0.001 * total[seen] ** 2
        rate = 0.05 * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        weights[seen] -= rate * first[seen] / (np.sqrt(second[seen]) + 1e-8)
    variable = tf.Variable(START)
    steps(RowSparse(adam(), 0.05, "x"), variable)
    np.testing.assert_allclose(variable, weights, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dense", [False, True], ids=["sparse", "dense"])
def test_a_penalty_shrinks_the_rows_of_a_step(dense: bool) -> None:
    variable = tf.Variable([[4.0], [8.0]])
    slices = tf.IndexedSlices([[1.0], [2.0]], [0, 0], [2, 1])
    given = tf.convert_to_tensor(slices) if dense else slices
    RowSparse(sgd(), 0.1, "x", l2=0.5).apply_gradients([(given, variable)])
    # 4 - 0.1 * (1 + 2 + 0.5 * 4); a dense step sees the other row too: 8 - 0.1 * 0.5 * 8.
    np.testing.assert_allclose(variable, [[3.5], [7.6 if dense else 8.0]], rtol=1e-6)


def test_rows_seen_get_the_dense_update(rule: Rule) -> None:
    sparse, full = tf.Variable(START), tf.Variable(START)
    RowSparse(rule, 0.05, "sparse").apply_gradients([(gradient(0), sparse)])
    total = tf.constant(dense(0), tf.float32)
    RowSparse(rule, 0.05, "dense").apply_gradients([(total, full)])
    seen = np.unique(IDS[0])
    np.testing.assert_allclose(sparse.numpy()[seen], full.numpy()[seen], rtol=1e-6)


def test_unseen_rows_keep_weights_and_slots_bit_by_bit(rule: Rule) -> None:
    variable, optimizer = tf.Variable(START), RowSparse(rule, 0.05, "x")
    steps(optimizer, variable, range(1))
    before = [v.numpy() for v in (variable, *optimizer.variables[1:]) if v.shape.rank]
    steps(optimizer, variable, range(1, 2))
    after = [v.numpy() for v in (variable, *optimizer.variables[1:]) if v.shape.rank]
    unseen = np.setdiff1d(np.arange(ROWS), IDS[1])
    assert len(before) == 1 + len(rule.slots)
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old[unseen], new[unseen])
        assert (old[IDS[1]] != new[IDS[1]]).any(axis=1).all()


def test_no_operation_of_a_step_is_as_large_as_the_table() -> None:
    variable, optimizer = tf.Variable(tf.zeros([1_000, DIM])), RowSparse(adam(), 0.05, "x")
    optimizer.build([variable])

    @tf.function(input_signature=[tf.TensorSpec([4], tf.int32)], autograph=False)
    def step(ids: Any) -> None:
        slices = tf.IndexedSlices(tf.ones([4, DIM]), ids, tf.constant([1_000, DIM]))
        optimizer.apply_gradients([(slices, variable)])

    operations = step.get_concrete_function().graph.get_operations()
    large = [o.name for o in operations for t in o.outputs if 1_000 in t.shape.as_list()]
    assert large == []


def test_a_compiled_step_equals_an_eager_one(rule: Rule) -> None:
    eager, compiled = tf.Variable(START), tf.Variable(START)
    steps(RowSparse(rule, 0.05, "eager"), eager)
    optimizer = RowSparse(rule, 0.05, "compiled")
    optimizer.build([compiled])
    tf.function(lambda: steps(optimizer, compiled), autograph=False)()
    np.testing.assert_allclose(eager, compiled, rtol=1e-6)


def test_an_empty_gradient_changes_nothing(rule: Rule) -> None:
    variable, optimizer = tf.Variable(START), RowSparse(rule, 0.05, "x")
    empty = tf.IndexedSlices(tf.zeros([0, DIM]), tf.zeros([0], tf.int32), tf.constant([ROWS, DIM]))
    optimizer.apply_gradients([(empty, variable)])
    np.testing.assert_array_equal(variable, START)


def test_a_restored_training_goes_on_bit_by_bit(rule: Rule, tmp_path: Path) -> None:
    variable, optimizer = tf.Variable(START), RowSparse(rule, Schedule(0.05, 4, "linear", 9), "x")
    steps(optimizer, variable, range(2))
    saved = tf.train.Checkpoint(variable=variable, optimizer=optimizer)
    path = saved.write(str(tmp_path / "checkpoint"))
    steps(optimizer, variable, range(2, 5))

    other, restored = tf.Variable(0 * START), RowSparse(rule, Schedule(0.05, 4, "linear", 9), "x")
    restored.build([other])
    found = tf.train.Checkpoint(variable=other, optimizer=restored).read(path)
    found.assert_existing_objects_matched()
    steps(restored, other, range(2, 5))
    np.testing.assert_array_equal(variable, other)


def test_the_step_size_follows_its_schedule() -> None:
    # FTRL's first weight is -rate * gradient / sqrt(0.1 + 1), at a rate of 1 / 4 of 0.2.
    variable = tf.Variable([0.0])
    optimizer = RowSparse(ftrl(0.0), Schedule(0.2, 4, "constant", 10), "x")
    optimizer.apply_gradients([(tf.constant([1.0]), variable)])
    np.testing.assert_allclose(variable, [-0.05 / np.sqrt(1.1)], rtol=1e-6)


@pytest.mark.parametrize("rate", [0.05, Schedule(0.05, 2, "cosine", 9)], ids=["number", "schedule"])
def test_an_optimizer_is_made_again_from_its_config(rule: Rule, rate: Any) -> None:
    first = RowSparse(rule, rate, "x", l2=0.3)
    variable, other = tf.Variable(START), tf.Variable(START)
    second = RowSparse.from_config(json.loads(json.dumps(first.get_config())))
    steps(first, variable)
    steps(second, other)
    np.testing.assert_array_equal(variable, other)
