"""What every objective must do."""

from types import ModuleType
from typing import Any

import numpy as np
import pytest

from configs import plugins
from tfrs_models.backend import tf
from tfrs_models.objectives._pairs import Pairs

NAN = np.nan
NONE = [[NAN] * 4] * 3
LABELS = [[1, 0, NAN, 0], [1, NAN, 0, 0], [1, 0, 0, NAN]]
USABLE = [[1, 1, 1, 0], [1, 1, 1, 1], [0, 1, 0, 1]]


def pairs(**changes: Any) -> Pairs:
    """Three lists of four; the first two are of one request."""
    random = np.random.default_rng(3)
    columns = {
        "logits": random.normal(0, 1, (3, 4)),
        "labels": LABELS,
        "usable": USABLE,
        "stands_for": [[1, 2.5, 2.5, 1], [1, 2.5, 2.5, 1], [1, 4, 4, 1]],
        "positives": [2, 2, 1],
        "scaling": [0.25, 0.5],
        **changes,
    }
    columns["usable"] = np.asarray(columns["usable"], bool)
    kinds = {"usable": tf.bool}
    return Pairs(**{n: tf.constant(c, kinds.get(n, tf.float32)) for n, c in columns.items()})


@pytest.fixture(params=plugins.names("objective"))
def plugin(request: pytest.FixtureRequest) -> ModuleType:
    return plugins.load("objective", request.param)


def loss(plugin: ModuleType, of: Pairs) -> Any:
    return plugin.loss(plugin.Options(), of)


def gradient(plugin: ModuleType, of: Pairs) -> Any:
    logits = tf.Variable(of.logits)
    with tf.GradientTape() as tape:
        value = loss(plugin, of._replace(logits=logits + 0.0))
    return tape.gradient(value, logits).numpy()


def moved(places: Any) -> Any:
    """Logits that differ at some places."""
    return np.where(places, 50.0, pairs().logits)


def test_the_loss_is_a_float_scalar(plugin: ModuleType) -> None:
    value = loss(plugin, pairs())
    assert value.shape == ()
    assert value.dtype == tf.float32
    assert value > 0


def test_a_compiled_loss_is_the_eager_one(plugin: ModuleType) -> None:
    compiled = tf.function(lambda of: loss(plugin, of), autograph=False)
    np.testing.assert_allclose(compiled(pairs()), loss(plugin, pairs()), rtol=1e-6)


@pytest.mark.parametrize("scale", [0.0, 1e-6, 1.0, 1e4])
@pytest.mark.parametrize("labels", [LABELS, NONE])
def test_loss_and_gradient_are_finite(plugin: ModuleType, scale: float, labels: Any) -> None:
    of = pairs(logits=scale * pairs().logits, labels=labels)
    assert np.isfinite(loss(plugin, of))
    assert np.isfinite(gradient(plugin, of)).all()


@pytest.mark.parametrize("places", [np.isnan(LABELS), np.logical_not(USABLE)])
def test_what_is_not_known_or_not_usable_counts_for_nothing(
    plugin: ModuleType, places: Any
) -> None:
    value = loss(plugin, pairs(logits=moved(places)))
    np.testing.assert_allclose(value, loss(plugin, pairs()), rtol=1e-6)


@pytest.mark.parametrize("places", [np.isnan(LABELS), np.logical_not(USABLE)])
def test_what_is_not_known_or_not_usable_has_no_gradient(plugin: ModuleType, places: Any) -> None:
    assert (gradient(plugin, pairs())[places] == 0).all()


def test_what_is_known_and_usable_has_a_gradient(plugin: ModuleType) -> None:
    found = gradient(plugin, pairs())
    # The third list's positive is not usable: a softmax has nothing to raise there.
    assert (found[:2][~np.isnan(LABELS[:2]) & np.array(USABLE[:2], bool)] != 0).all()


@pytest.mark.parametrize(
    "changes", [{"labels": NONE}, {"usable": np.zeros((3, 4), bool)}], ids=["labels", "usable"]
)
def test_a_batch_that_tells_nothing_costs_nothing(plugin: ModuleType, changes: Any) -> None:
    assert loss(plugin, pairs(**changes)) == 0
    assert not gradient(plugin, pairs(**changes)).any()


def test_the_gradient_lowers_the_loss(plugin: ModuleType) -> None:
    of = pairs()
    better = of._replace(logits=of.logits - 0.1 * gradient(plugin, of))
    assert loss(plugin, better) < loss(plugin, of)


def test_a_repeated_batch_costs_the_same(plugin: ModuleType) -> None:
    once = pairs()
    columns = {n: c if n == "scaling" else tf.concat([c, c], 0) for n, c in once._asdict().items()}
    np.testing.assert_allclose(loss(plugin, Pairs(**columns)), loss(plugin, once), rtol=1e-6)


def test_a_place_that_stands_for_2_counts_as_two_places(plugin: ModuleType) -> None:
    heavy = pairs(
        logits=[[0.3, -0.2]], labels=[[1, 0]], usable=[[1, 1]], stands_for=[[1, 2]], positives=[1]
    )
    twice = pairs(
        logits=[[0.3, -0.2, -0.2]],
        labels=[[1, 0, 0]],
        usable=[[1, 1, 1]],
        stands_for=[[1, 1, 1]],
        positives=[1],
    )
    np.testing.assert_allclose(loss(plugin, heavy), loss(plugin, twice), rtol=1e-6)


def test_the_output_never_falls_as_the_logit_rises(plugin: ModuleType) -> None:
    scaling = tf.constant([0.25, 0.5])
    found = plugin.output(tf.linspace(-30.0, 30.0, 100), scaling).numpy()
    assert found.dtype == np.float32
    assert (np.diff(found) >= 0).all()
    assert np.isfinite(found).all()


def test_the_scaling_is_two_finite_numbers(plugin: ModuleType) -> None:
    for labels in ([0.0, 1.0, 1.0], [0.0, 0.0], [1.0]):
        offset, scale = plugin.scaling(np.array(labels), np.ones(len(labels)))
        assert np.isfinite(offset)
        assert scale > 0


def test_the_contract_has_a_range_and_an_order(plugin: ModuleType) -> None:
    low, high = plugin.RANGE
    assert low < high
    assert isinstance(plugin.ORDERS, bool)
