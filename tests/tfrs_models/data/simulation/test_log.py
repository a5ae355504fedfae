import numpy as np

from tfrs_models.data.simulation import clock, population
from tfrs_models.data.simulation.log import CART, PURCHASE, VIEW, Log
from tfrs_models.data.simulation.world import World


def _key(log: Log, step: int) -> np.ndarray:
    rows = log.type == step
    return log.request[rows] * 128 + log.position[rows]


def test_events_are_in_the_order_of_time_and_inside_the_window(world: World, log: Log) -> None:
    assert np.all(np.diff(log.time_us) >= 0)
    start, end = world.window
    assert start <= log.time_us[0]
    assert log.time_us[-1] < end


def test_a_shown_slot_is_one_row(log: Log) -> None:
    shown = log.take(log.type <= VIEW)
    key = shown.request * 128 + shown.position
    assert len(np.unique(key)) == len(key)


def test_the_funnel_narrows_and_each_step_has_the_one_before(log: Log) -> None:
    views, carts, bought = (set(_key(log, step).tolist()) for step in (VIEW, CART, PURCHASE))
    assert bought < carts < views


def test_a_step_comes_after_the_one_before(log: Log) -> None:
    for before, after in ((VIEW, CART), (CART, PURCHASE)):
        early = dict(zip(_key(log, before), log.time_us[log.type == before], strict=True))
        late = zip(_key(log, after), log.time_us[log.type == after], strict=True)
        assert all(early[key] < time for key, time in late)


def test_clicks_fall_with_the_position_as_declared(log: Log) -> None:
    shown = log.take(log.type <= VIEW)
    for position in range(8):
        slot = shown.take(shown.position == position)
        chance = slot.click_probability * (position + 1.0) ** -0.5
        spread = np.sqrt((chance * (1 - chance)).sum())
        assert abs((slot.type == VIEW).sum() - chance.sum()) < 4.5 * spread


def test_the_truth_is_calibrated_in_every_bin(log: Log) -> None:
    shown = log.take(log.type <= VIEW)
    chance = shown.click_probability.astype(np.float64) * shown.examination
    bins = np.digitize(chance, np.linspace(0.05, 0.95, 19))
    clicks = np.bincount(bins, shown.type == VIEW, minlength=20)
    expected = np.bincount(bins, chance, minlength=20)
    spread = np.sqrt(np.bincount(bins, chance * (1 - chance), minlength=20))
    assert np.bincount(bins, minlength=20).min() > 100
    assert (np.abs(clicks - expected) / spread).max() < 4.5


def test_nobody_and_nothing_appears_before_it_exists(world: World, log: Log) -> None:
    assert np.all(log.time_us >= world.catalogue.created_at[log.item])
    assert np.all(log.time_us >= population.joined_at(world, log.user))


def test_new_users_and_items_do_appear(world: World, log: Log) -> None:
    joined = population.joined_at(world, np.unique(log.user))
    created = world.catalogue.created_at[np.unique(log.item)]
    assert (joined >= world.window[0]).mean() > 0.1
    assert (created >= world.window[0]).mean() > 0.1


def test_users_present_throughout_have_the_declared_mean_of_sessions(
    world: World, log: Log
) -> None:
    users = np.arange(3000)
    old = population.joined_at(world, users) < world.window[0]
    pairs = np.unique(np.stack([log.user, log.request // 8]), axis=1)[0]
    sessions = np.bincount(pairs, minlength=3000)[old]
    rate = np.diff(world.activity, prepend=0)
    expected = 6.0 * 3000 * rate[old].sum() / rate.sum()
    assert abs(sessions.sum() - expected) < 4.5 * np.sqrt(expected)


def test_purchases_carry_the_price_and_nothing_else_a_value(world: World, log: Log) -> None:
    bought = log.type == PURCHASE
    assert np.array_equal(log.value[bought], world.catalogue.price[log.item[bought]])
    assert np.isnan(log.value[~bought]).all()


def test_the_evening_is_busier_than_the_night(log: Log) -> None:
    hour = log.time_us % clock.DAY // (clock.DAY // 24)
    assert (hour == 20).sum() > 10 * (hour == 3).sum()
