"""The odds of each source: what is expected is what is drawn."""

from typing import Any

import numpy as np
import pytest
from scipy.stats import chisquare

from configs import plugins
from configs.errors import ConfigError
from tfrs_models.backend import tf
from tfrs_models.negatives import all as all_items
from tfrs_models.negatives import cross_batch, hard, in_batch, mixed, popularity, uniform
from tfrs_models.negatives._frequency import Streamed
from tfrs_models.negatives._sampler import Moment, Popularity

COUNTS = np.array([0, 0, 5, 1, 30, 2, 0, 9, 400, 1])
TRAINED = np.flatnonzero(COUNTS)
SHARE = COUNTS / COUNTS.sum()
DRAWS = 200_000


def moment(seed: int = 7, targets: Any = (2, 8), **changes: Any) -> Moment:
    made = Moment(
        seed=tf.constant([seed, 8]),
        targets=tf.constant(targets, tf.int32),
        earlier=lambda _: tf.constant([2], tf.int32),
        users=tf.constant([0, 1]),
    )
    return made._replace(**changes)


def by_item(drawn: Any) -> tuple[np.ndarray, np.ndarray]:
    """How often each item was drawn, and how often it was expected."""
    rows = drawn.rows.numpy()
    expected = np.zeros(len(COUNTS))
    expected[rows] = np.exp(drawn.log_expected.numpy().astype(np.float64))
    return np.bincount(rows, minlength=len(COUNTS)), expected


def test_uniform_draws_every_trained_item_alike() -> None:
    sampler = uniform.sampler(uniform.Options(number=DRAWS), Popularity(COUNTS, 0))
    found, expected = by_item(sampler.draw(moment()))
    np.testing.assert_allclose(expected[TRAINED], DRAWS / len(TRAINED), rtol=1e-6)
    assert chisquare(found[TRAINED], expected[TRAINED] / expected.sum() * DRAWS).pvalue > 0.001


@pytest.mark.parametrize("exponent", [0.5, 1.0])
def test_popularity_draws_by_the_counts_to_the_exponent(exponent: float) -> None:
    options = popularity.Options(number=DRAWS, exponent=exponent)
    sampler = popularity.sampler(options, Popularity(COUNTS, 0))
    found, expected = by_item(sampler.draw(moment()))
    mass = COUNTS[TRAINED] ** exponent
    np.testing.assert_allclose(expected[TRAINED], DRAWS * mass / mass.sum(), rtol=1e-5)
    assert chisquare(found[TRAINED], expected[TRAINED] / expected.sum() * DRAWS).pvalue > 0.001


@pytest.mark.parametrize("source", [uniform, popularity])
def test_the_expected_sampled_sum_is_the_full_sum(source: Any) -> None:
    sampler = source.sampler(source.Options(number=DRAWS), Popularity(COUNTS, 0))
    drawn = sampler.draw(moment())
    scores = np.random.default_rng(1).normal(0, 1, len(COUNTS))
    terms = np.exp(scores[drawn.rows] - drawn.log_expected.numpy().astype(np.float64))
    # The sum of C terms has a standard deviation of sqrt(C) times that of one.
    assert abs(terms.sum() - np.exp(scores[TRAINED]).sum()) < 4 * np.sqrt(DRAWS) * terms.std()


def test_nothing_is_clipped() -> None:
    # q = 5e-7 for each of 2,000,000 items; TFRS would correct by log(1e-6).
    counts = np.r_[0, 0, np.ones(2_000_000, int)]
    sampler = popularity.sampler(popularity.Options(number=64, exponent=1.0), Popularity(counts, 0))
    np.testing.assert_allclose(sampler.draw(moment()).log_expected, np.log(64 * 5e-7), rtol=1e-6)


def test_the_tail_of_a_large_catalogue_is_drawn() -> None:
    # In single precision the sum would stand still: 2**30 + 1 rounds to 2**30.
    counts = np.r_[0, 0, 2**30, np.ones(2**21, int)]
    options = popularity.Options(number=1_000_000, exponent=1.0)
    rows = popularity.sampler(options, Popularity(counts, 0)).draw(moment()).rows.numpy()
    tail = rows[rows > 2]
    # q = 2**21 / (2**30 + 2**21) = 0.00195: 1949 expected, standard deviation 44; a quarter of
    # them in each quarter of the tail, deviation sqrt(1949 * 3 / 16) = 19.
    assert abs(len(tail) - 1949) < 4 * 44
    quarters = np.bincount((tail - 3) // 2**19, minlength=4)
    assert (abs(quarters - len(tail) / 4) < 4 * 19).all()


def test_all_gives_each_trained_item_once() -> None:
    drawn = all_items.sampler(all_items.Options(), Popularity(COUNTS, 0)).draw(moment())
    assert drawn.rows.numpy().tolist() == TRAINED.tolist()
    assert not drawn.log_expected.numpy().any()


def test_in_batch_expects_items_by_their_share_of_the_events() -> None:
    sampler = in_batch.sampler(in_batch.Options(), Popularity(COUNTS, 0))
    drawn = sampler.draw(moment(targets=[8, 4, 8]))
    assert drawn.rows.numpy().tolist() == [8, 4, 8]
    expected = np.log(3 * SHARE[[8, 4, 8]])
    np.testing.assert_allclose(drawn.log_expected, expected, rtol=1e-5)
    np.testing.assert_allclose(drawn.of_targets, expected, rtol=1e-5)


def test_mixed_expects_what_both_sources_bring() -> None:
    sampler = mixed.sampler(mixed.Options(number=70), Popularity(COUNTS, 0))
    drawn = sampler.draw(moment(targets=[8, 4, 8]))
    rows = drawn.rows.numpy()
    assert len(rows) == 73
    expected = np.log(3 * SHARE[rows] + 70 / len(TRAINED))
    np.testing.assert_allclose(drawn.log_expected, expected, rtol=1e-5)
    np.testing.assert_allclose(drawn.of_targets, expected[:3], rtol=1e-5)


def test_cross_batch_adds_the_items_of_the_steps_before() -> None:
    asked = []

    def earlier(back: int) -> Any:
        asked.append(back)
        return tf.constant([2 + back, 0], tf.int32)

    sampler = cross_batch.sampler(cross_batch.Options(batches=3), Popularity(COUNTS, 0))
    drawn = sampler.draw(moment(targets=[8], earlier=earlier))
    assert asked == [1, 2, 3]
    assert drawn.rows.numpy().tolist() == [8, 3, 0, 4, 0, 5, 0]
    # Four real items.
    np.testing.assert_allclose(drawn.log_expected[3], np.log(4 * SHARE[4]), rtol=1e-5)


def test_hard_negatives_are_in_the_sum_for_certain() -> None:
    options = hard.Options(number=50, pool=3, hard_a_user=2)
    sampler = hard.sampler(options, Popularity(COUNTS, 2))
    before = sampler.draw(moment())
    assert (before.rows.numpy()[:4] == 0).all()
    assert sampler.refresh is not None
    sampler.refresh(lambda k: np.full((2, k), 8, np.int32))
    drawn = sampler.draw(moment())
    rows = drawn.rows.numpy()
    assert rows[:4].tolist() == [8, 8, 8, 8]
    # Item 8 was brought four times by the pools, and 50 / 7 times are expected by chance.
    uniform_rate = 50 / len(TRAINED)
    expected = np.where(rows == 8, 4 + uniform_rate, uniform_rate)
    np.testing.assert_allclose(np.exp(drawn.log_expected), expected, rtol=1e-5)


def test_hard_negatives_come_from_the_pools_of_the_users_of_the_step() -> None:
    sampler = hard.sampler(hard.Options(number=1, pool=2, hard_a_user=8), Popularity(COUNTS, 3))
    assert sampler.refresh is not None
    sampler.refresh(lambda _: np.array([[2, 3], [4, 5], [7, 8]], np.int32))
    drawn = sampler.draw(moment(users=tf.constant([0, 2])))
    assert set(drawn.rows.numpy()[:16].tolist()) == {2, 3, 7, 8}


def test_streamed_frequencies_come_near_the_odds_of_the_stream() -> None:
    """Items that come with odds 1, 1/2 and 1/10 a step; the paper's estimate is 1 / gap."""
    random = np.random.default_rng(0)
    frequency, odds = Streamed(3, step_size=0.02), np.array([1.0, 0.5, 0.1])
    observe = tf.function(frequency.observe, reduce_retracing=True)
    for _ in range(2_000):
        observe(tf.constant(np.flatnonzero(random.random(3) < odds), tf.int32))
    estimate = np.exp(observe(tf.constant([0, 1, 2])).numpy())
    np.testing.assert_allclose(estimate, odds, rtol=0.25)


def test_streamed_in_batch_draws_each_item_once() -> None:
    options = in_batch.Options(frequency="streamed")
    drawn = in_batch.sampler(options, Popularity(COUNTS, 0)).draw(moment(targets=[8, 4, 8]))
    assert drawn.rows.numpy().tolist() == [8, 4]
    assert drawn.of_targets[0] == drawn.of_targets[2] == drawn.log_expected[0]


@pytest.mark.parametrize(
    ("source", "options"),
    [
        ("uniform", {"number": 0}),
        ("popularity", {"exponent": 1.5}),
        ("popularity", {"exponent": 0}),
        ("in_batch", {"frequency": "guessed"}),
        ("cross_batch", {"batches": 0}),
        ("hard", {"pool": 0}),
        ("uniform", {"negatives": 3}),
    ],
)
def test_wrong_options_are_refused(source: str, options: dict[str, Any]) -> None:
    with pytest.raises((ConfigError, ValueError)):
        plugins.parse_options("negatives", source, options)
