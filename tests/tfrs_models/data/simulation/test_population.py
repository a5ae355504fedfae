import numpy as np
import pytest

from tfrs_models.data.simulation import clock, population
from tfrs_models.data.simulation.options import Options
from tfrs_models.data.simulation.world import World, build_world


def test_tastes_have_unit_length(world: World) -> None:
    user = np.arange(200)
    taste = population.taste(world, user, np.full(200, world.window[0] + 11 * clock.DAY))
    assert taste.shape == (200, 16)
    assert np.allclose((taste**2).sum(axis=1), 1, atol=1e-5)


def test_a_taste_turns_by_the_declared_angle_in_30_days(world: World) -> None:
    user = np.arange(100)
    start = np.full(100, world.window[0])
    before = population.taste(world, user, start)
    after = population.taste(world, user, start + 30 * clock.DAY)
    assert np.allclose((before * after).sum(axis=1), np.cos(0.15), atol=1e-5)


def test_without_drift_a_taste_stays() -> None:
    still = build_world(Options(taste_drift=0, users=10), seed=1)
    user = np.arange(10)
    now = np.full(10, still.window[0])
    later = population.taste(still, user, now + 1000 * clock.DAY)
    assert np.array_equal(later, population.taste(still, user, now))


def test_a_user_is_the_same_alone_and_among_others(world: World) -> None:
    when = np.full(50, world.window[0])
    together = population.people(world, np.arange(50), when)
    alone = population.people(world, np.array([31]), when[:1])
    assert np.array_equal(alone.taste[0], together.taste[31])
    assert alone.budget[0] == together.budget[31]


@pytest.mark.parametrize("name", ["country", "age_group", "device"])
def test_people_who_share_an_attribute_have_nearer_tastes(world: World, name: str) -> None:
    user = np.arange(3000)
    taste = population.taste(world, user, np.full(3000, world.window[0]))
    value = population.attribute(world, name, user)
    similarity = taste @ taste.T
    same = value[:, None] == value
    np.fill_diagonal(similarity, 0)
    own = (similarity * same).sum() / (same.sum() - 3000)
    other = similarity[~same].mean()
    shuffled = np.random.default_rng(0).permutation(value)
    chance = shuffled[:, None] == shuffled
    by_chance = (similarity * chance).sum() / (chance.sum() - 3000)
    assert own - other > 5 * abs(by_chance - similarity.mean())


def test_activity_has_a_heavy_tail(world: World) -> None:
    rate = np.sort(np.diff(world.activity, prepend=0))[::-1]
    # Log-normal with spread 1: the top 10% hold Phi(1 - 1.2816) = 39% of the sessions.
    assert 0.34 < rate[:300].sum() / rate.sum() < 0.44
