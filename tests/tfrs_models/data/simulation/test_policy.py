import numpy as np
from numpy.typing import NDArray

from tfrs_models.data.simulation import policy
from tfrs_models.data.simulation.options import Options
from tfrs_models.data.simulation.world import World, build_world

REQUESTS = 40_000


def _lists(options: Options, day: int = 0) -> tuple[World, policy.Shown, NDArray[np.float64]]:
    """Many lists for one session, with their propensities."""
    world = build_world(options, seed=5)
    today = policy.shelf(world, day)
    taste = world.geometry.archetype[:1]
    crowd = policy.audience(world, today, taste, np.array([2]))
    session = np.zeros(REQUESTS, dtype=np.int64)
    shown = policy.show(world, today, crowd, session, np.arange(REQUESTS))
    return world, shown, policy.propensity(world, today, crowd, session, shown)


SMALL = Options(items=30, categories=6, slots=4, exploration_share=0.3)


def test_the_propensity_of_the_first_slot_is_its_frequency() -> None:
    _, shown, propensity = _lists(SMALL)
    first = shown.position == 0
    count = np.bincount(shown.item[first], minlength=30)
    expected = np.zeros(30)
    expected[shown.item[first]] = propensity[first] * REQUESTS
    there = expected > 0
    assert abs(expected.sum() / REQUESTS - 1) < 1e-6
    error = (count - expected)[there] / np.sqrt(expected[there])
    assert np.abs(error).max() < 4.5


def test_inverse_propensities_count_the_items_that_could_stand_there() -> None:
    # E[1 / p(shown)] sums p * (1 / p) over the items not above: A items less the position.
    world, shown, propensity = _lists(SMALL)
    there = int((world.catalogue.created_at < world.window[0]).sum())
    for position in range(4):
        inverse = 1 / propensity[shown.position == position]
        error = inverse.std() / np.sqrt(len(inverse))
        assert abs(inverse.mean() - (there - position)) < 4.5 * error


def test_no_list_holds_an_item_twice() -> None:
    _, shown, _ = _lists(SMALL)
    key = shown.request * 30 + shown.item
    assert len(np.unique(key)) == len(key)


def test_positions_count_from_zero_without_gaps() -> None:
    _, shown, _ = _lists(SMALL)
    starts = np.flatnonzero(np.diff(shown.request, prepend=-1))
    lengths = np.diff(np.append(starts, len(shown.request)))
    assert np.array_equal(
        shown.position, np.arange(len(shown.request)) - np.repeat(starts, lengths)
    )
    assert lengths.max() == 4


def test_items_that_have_not_arrived_are_never_shown() -> None:
    world, shown, _ = _lists(Options(items=200, new_items=0.5, days=10), day=3)
    midnight = world.window[0] + 3 * 86_400_000_000
    assert world.catalogue.created_at[shown.item].max() < midnight


def test_popularity_alone_follows_the_declared_zipf_law() -> None:
    options = Options(
        items=100, slots=1, exploration_share=0, popularity_share=1, new_items=0,
        freshness_strength=0, zipf_exponent=1.1,
    )  # fmt: skip
    world, shown, _ = _lists(options)
    order = np.argsort(-world.catalogue.weight)
    count = np.bincount(shown.item, minlength=100)[order]
    share = np.arange(1, 101) ** -1.1
    expected = REQUESTS * share / share.sum()
    # Pearson's statistic has mean 99 and standard deviation sqrt(2 * 99) = 14.1.
    assert ((count - expected) ** 2 / expected).sum() < 99 + 4.5 * 14.1


def test_exploration_alone_is_uniform() -> None:
    _, shown, propensity = _lists(Options(items=100, slots=1, exploration_share=1, new_items=0))
    count = np.bincount(shown.item, minlength=100)
    assert np.allclose(propensity, 0.01)
    # Standard deviation of a count: sqrt(40000 * 0.01 * 0.99) = 19.9.
    assert np.abs(count - 400).max() < 4.5 * 19.9


def test_taste_alone_shows_what_the_person_likes() -> None:
    options = Options(exploration_share=0, popularity_share=0)
    world, shown, _ = _lists(options)
    affinity = world.catalogue.vector @ world.geometry.archetype[0]
    assert affinity[shown.item].mean() > affinity.mean() + 1.5 * affinity.std()
