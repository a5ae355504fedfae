from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tfrs_models.backend import tf
from trainers.optimizers.grouped import Grouped
from trainers.optimizers.row_sparse import RowSparse
from trainers.optimizers.rules import Rule, adam, ftrl


def recorder(name: str = "recorder") -> RowSparse:
    """Adds each gradient to its variable."""
    add = Rule("add", {}, {}, lambda rows, gradient, *_: (rows + gradient, {}))
    return RowSparse(add, 1.0, name)


def sparse(value: float) -> Any:
    return tf.IndexedSlices(tf.constant([value]), tf.constant([0]), tf.constant([1]))


def named(name: str, value: Any = (0.0,)) -> Any:
    return tf.Variable(value, name=name)


def pair() -> tuple[Grouped, RowSparse, RowSparse]:
    """Tables go first; the rest, and only the rest, second."""
    first, second = recorder("first"), recorder("second")
    return Grouped([(first, "table"), (second, "any")]), first, second


def test_each_variable_goes_to_the_first_group_that_takes_it() -> None:
    grouped, first, second = pair()
    variables = [named("a/table"), named("b"), named("c/table")]
    grouped.apply_gradients([(tf.constant([1.0]), v) for v in variables])
    assert [v.numpy()[0] for v in variables] == [1.0, 1.0, 1.0]
    assert [set(o._index_dict.values()) for o in (first, second)] == [{0, 1}, {0}]


def test_every_group_counts_the_steps() -> None:
    grouped, first, second = pair()
    variables = [named("a/table"), named("b")]
    for _ in range(3):
        grouped.apply_gradients([(tf.constant([1.0]), v) for v in variables])
    assert [int(o.iterations) for o in (grouped, first, second)] == [3, 3, 3]


def test_a_variable_without_gradient_stays_and_may_get_one_later() -> None:
    grouped, _, _ = pair()
    one, variables = tf.constant([1.0]), [named("a/table"), named("b"), named("rest")]
    grouped.apply_gradients(zip([one, one, None], variables, strict=True))
    assert [v.numpy()[0] for v in variables] == [1.0, 1.0, 0.0]
    grouped.apply_gradients([(one, v) for v in variables])
    assert [v.numpy()[0] for v in variables] == [2.0, 2.0, 1.0]


def test_only_dense_gradients_are_clipped() -> None:
    # The dense norm is sqrt(3**2 + 4**2) = 5, so a clip at 1 divides by 5; 100 is row-sparse.
    grouped = Grouped([(recorder(), "any")], clip_norm=1.0)
    variables = [named("a"), named("b"), named("c")]
    gradients = [tf.constant([3.0]), sparse(100.0), tf.constant([4.0])]
    grouped.apply_gradients(zip(gradients, variables, strict=True))
    np.testing.assert_allclose([v.numpy()[0] for v in variables], [0.6, 100.0, 0.8], rtol=1e-6)


def test_small_gradients_are_not_clipped() -> None:
    grouped = Grouped([(recorder(), "any")], clip_norm=10.0)
    variable = named("a")
    grouped.apply_gradients([(tf.constant([3.0]), variable)])
    assert variable.numpy() == [3.0]


def test_a_clip_needs_no_dense_gradient() -> None:
    grouped = Grouped([(recorder(), "any")], clip_norm=1.0)
    variable = named("a")
    grouped.apply_gradients([(sparse(3.0), variable)])
    assert variable.numpy() == [3.0]


def regression() -> tuple[Any, Any]:
    wide = tf.keras.layers.Dense(2, name="wide")
    model = tf.keras.Sequential([wide, tf.keras.layers.Dense(1)])
    groups = [
        (RowSparse(ftrl(0.0), 0.1, "wide"), "wide"),
        (RowSparse(adam(), 0.1, "dense"), "any"),
    ]
    model.compile(optimizer=Grouped(groups, clip_norm=1.0), loss="mse")
    features = np.random.default_rng(0).normal(0, 1, (64, 3)).astype(np.float32)
    return model, tf.data.Dataset.from_tensors((features, features @ [[1.0], [2.0], [3.0]]))


def test_it_trains_under_keras() -> None:
    model, data = regression()
    losses = model.fit(data.repeat(60), epochs=2, verbose=0).history["loss"]
    assert losses[1] < losses[0] / 2


def states(model: Any) -> list[Any]:
    return [v.numpy() for v in (*model.variables, *model.optimizer.variables)]


@pytest.mark.parametrize("by_list", [True, False], ids=["variables", "objects"])
def test_a_restored_training_goes_on_bit_by_bit(by_list: bool, tmp_path: Path) -> None:
    def checkpoint(model: Any) -> Any:
        slots = list(model.optimizer.variables) if by_list else model.optimizer
        return tf.train.Checkpoint(weights=list(model.variables), slots=slots)

    model, data = regression()
    model.fit(data.repeat(3), verbose=0)
    path = checkpoint(model).write(str(tmp_path / "checkpoint"))
    model.fit(data.repeat(3), verbose=0)

    other, _ = regression()
    other.build((None, 3))
    other.optimizer.build(other.trainable_variables)
    checkpoint(other).read(path).assert_existing_objects_matched()
    other.fit(data.repeat(3), verbose=0)
    for expected, found in zip(states(model), states(other), strict=True):
        np.testing.assert_array_equal(expected, found)
