"""What every source of negatives must do."""

from types import ModuleType
from typing import Any

import numpy as np
import pytest

from configs import plugins
from configs.errors import DataError
from tfrs_models.backend import tf
from tfrs_models.negatives._sampler import Draws, Moment, Popularity, Sampler

COUNTS = np.array([0, 0, 5, 1, 30, 2, 0, 9, 400, 1])
USERS = 6
POPULARITY = Popularity(COUNTS, USERS)
TARGETS = [8, 4, 4, 2, 8]


def moment(step: int = 0, targets: Any = TARGETS) -> Moment:
    return Moment(
        seed=tf.constant([0, 64 * step]),
        targets=tf.constant(targets, tf.int32),
        earlier=lambda back: tf.constant([2 + back, 8, 0]),
        users=tf.constant([2, 5, 3]),
    )


@pytest.fixture(params=plugins.names("negatives"))
def plugin(request: pytest.FixtureRequest) -> ModuleType:
    return plugins.load("negatives", request.param)


@pytest.fixture
def sampler(plugin: ModuleType) -> Sampler:
    made: Sampler = plugin.sampler(plugin.Options(), POPULARITY)
    return made


def test_negatives_are_trained_items_or_none(sampler: Sampler) -> None:
    rows = set(sampler.draw(moment()).rows.numpy().tolist())
    assert rows <= {0, *np.flatnonzero(COUNTS)}
    assert rows - {0}


def test_every_draw_and_target_has_a_finite_logarithm(sampler: Sampler) -> None:
    drawn = sampler.draw(moment())
    assert drawn.rows.dtype == tf.int32
    assert drawn.log_expected.dtype == drawn.of_targets.dtype == tf.float32
    assert drawn.rows.shape == drawn.log_expected.shape
    assert drawn.of_targets.shape == len(TARGETS)
    real = drawn.rows.numpy() > 0
    assert np.isfinite(drawn.log_expected.numpy()[real]).all()
    assert np.isfinite(drawn.of_targets.numpy()).all()


def test_the_same_moment_gives_the_same_negatives(plugin: ModuleType) -> None:
    first, second = (plugin.sampler(plugin.Options(), POPULARITY).draw(moment(3)) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_compiled_source_gives_the_same_negatives(plugin: ModuleType) -> None:
    eager, compiled = (plugin.sampler(plugin.Options(), POPULARITY) for _ in range(2))
    expected = eager.draw(moment())
    found = tf.function(lambda: compiled.draw(moment()), autograph=False)()
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


def test_a_moment_without_targets_is_drawn_for(sampler: Sampler) -> None:
    drawn: Draws = sampler.draw(moment(targets=[]))
    assert drawn.of_targets.shape == 0


def test_a_catalogue_of_one_item_is_drawn_from(plugin: ModuleType) -> None:
    sampler = plugin.sampler(plugin.Options(), Popularity(np.array([0, 0, 7]), USERS))
    one = moment(targets=[2, 2])._replace(earlier=lambda _: tf.constant([2]))
    rows = set(sampler.draw(one).rows.numpy().tolist())
    assert rows <= {0, 2}


def test_a_catalogue_without_positives_is_refused(plugin: ModuleType) -> None:
    with pytest.raises(DataError, match="min_item_events"):
        plugin.sampler(plugin.Options(), Popularity(np.zeros(5, int), USERS))


def test_state_is_declared(sampler: Sampler) -> None:
    """What a draw changes must be among the variables, or a resumed training would differ."""
    before = [variable.numpy().copy() for variable in sampler.variables]
    first = sampler.draw(moment())
    for variable, value in zip(sampler.variables, before, strict=True):
        variable.assign(value)
    second = sampler.draw(moment())
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)
