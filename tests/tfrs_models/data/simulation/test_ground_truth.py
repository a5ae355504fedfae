import numpy as np
import pytest

from configs.errors import DataError
from tfrs_models.data.simulation import clock
from tfrs_models.data.simulation.ground_truth import click_probabilities, click_probability, respond
from tfrs_models.data.simulation.log import VIEW, Log
from tfrs_models.data.simulation.world import World

TIMES = 40_000


@pytest.mark.parametrize("item", [3, 77, 901])
def test_the_click_probability_is_the_frequency_of_clicks(world: World, item: int) -> None:
    when = np.full(TIMES, world.window[1])
    truth = click_probability(world, np.array([5]), np.array([item]), when[:1])[0]
    lists = np.full((TIMES, 1), item)
    clicks = respond(world, np.full(TIMES, 5), lists, when, seed=1).clicked.mean()
    assert abs(clicks - truth) < 4.5 * np.sqrt(truth * (1 - truth) / TIMES)


def test_the_whole_catalogue_at_once_equals_item_by_item(world: World) -> None:
    when = np.full(3, world.window[0] + 9 * clock.DAY)
    table = click_probabilities(world, np.array([4, 5, 6]), when)
    single = click_probability(world, np.array([5]), np.array([77]), when[:1])
    assert table.shape == (3, 1500)
    assert table[1, 77] == single[0]


def test_the_truth_without_intent_predicts_the_logged_truth(world: World, log: Log) -> None:
    rows = log.take(np.flatnonzero(log.type <= VIEW)[:5000])
    mean = click_probability(world, rows.user, rows.item, rows.time_us)
    assert np.corrcoef(mean, rows.click_probability)[0, 1] > 0.9


def test_a_lower_position_is_clicked_less_by_the_examination_curve(world: World) -> None:
    users, when = np.arange(50), np.full(50, world.window[0])
    chance = respond(world, users, np.full((50, 4), 7), when, seed=1).click_probability
    assert np.allclose(chance[:, 3], chance[:, 0] / 2)  # (3 + 1) ** -0.5


def test_an_empty_slot_is_never_clicked(world: World) -> None:
    users, when = np.arange(50), np.full(50, world.window[0])
    answer = respond(world, users, np.full((50, 3), -1), when, seed=1)
    assert not answer.clicked.any()
    assert answer.click_probability.max() == 0


def test_the_same_seed_gives_the_same_answer_and_another_one_another(world: World) -> None:
    users, when = np.arange(500), np.full(500, world.window[0])
    lists = np.random.default_rng(0).integers(1500, size=(500, 10))
    first, again, other = (respond(world, users, lists, when, seed).clicked for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_buyers_put_it_into_the_cart_and_clicked_first(world: World) -> None:
    users, when = np.arange(500), np.full(500, world.window[0])
    lists = np.random.default_rng(0).integers(1500, size=(500, 10))
    answer = respond(world, users, lists, when, seed=1)
    assert answer.purchased.any()
    assert not (answer.purchased & ~answer.carted).any()
    assert not (answer.carted & ~answer.clicked).any()


def test_an_item_outside_the_world_is_refused(world: World) -> None:
    with pytest.raises(
        DataError, match=r"`items` must lie in 0 to 1499 in this world, received 1500"
    ):
        click_probability(world, np.array([0]), np.array([1500]), np.array([world.window[0]]))


def test_a_user_outside_the_world_is_refused(world: World) -> None:
    with pytest.raises(DataError, match=r"`users` must lie in 0 to 2999 .* received -1"):
        respond(world, np.array([-1]), np.array([[1]]), np.array([world.window[0]]), seed=1)
