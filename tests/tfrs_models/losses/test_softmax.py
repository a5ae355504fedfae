from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import logsumexp
from scipy.stats import chisquare

from configs import plugins
from configs.errors import ConfigError, DataError
from tfrs_models.backend import tf
from tfrs_models.losses import full_softmax, sampled_softmax
from tfrs_models.losses._softmax import Negatives

COUNTS = np.array([0, 0, 5, 1, 30, 2, 0, 9, 400, 1])
DRAWS = 200_000


def draw(counts: NDArray[Any] = COUNTS, **options: Any) -> Negatives:
    parsed = sampled_softmax.Options(**options)
    return sampled_softmax.negatives(parsed, counts)(tf.constant([7, 8]))


@pytest.mark.parametrize("loss", [full_softmax, sampled_softmax], ids=lambda m: m.__name__)
def test_the_loss_is_the_weighted_mean_of_minus_log_softmax(loss: ModuleType) -> None:
    random = np.random.default_rng(0)
    positive, negative = random.normal(0, 4, 50), random.normal(0, 4, (50, 30))
    weight = random.uniform(0, 2, 50)
    total = logsumexp(np.column_stack([positive, negative]), axis=1)
    arguments = [tf.constant(a, tf.float32) for a in (positive, negative, weight)]
    value = loss.loss(loss.Options(), *arguments)
    np.testing.assert_allclose(value, np.mean(weight * (total - positive)), rtol=1e-6)


def test_full_softmax_equals_the_sparse_cross_entropy_of_tensorflow() -> None:
    random = np.random.default_rng(0)
    logits = tf.constant(random.normal(0, 3, (20, 8)), tf.float32)
    target = tf.constant(random.integers(0, 8, 20), tf.int32)
    drawn = full_softmax.negatives(full_softmax.Options(), COUNTS)(tf.constant([0, 0]))
    hits = (target[:, tf.newaxis] + 2) == drawn.rows
    value = full_softmax.loss(
        full_softmax.Options(),
        tf.gather(logits, target, batch_dims=1),
        tf.where(hits, -1e9, logits - drawn.correction),
        tf.ones([20]),
    )
    expected = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=target, logits=logits)
    np.testing.assert_allclose(value, tf.reduce_mean(expected), rtol=1e-6)


def test_full_softmax_scores_every_known_item_once() -> None:
    drawn = full_softmax.negatives(full_softmax.Options(), COUNTS)(tf.constant([0, 0]))
    assert drawn.rows.numpy().tolist() == [2, 3, 4, 5, 6, 7, 8, 9]
    assert not drawn.correction.numpy().any()


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0])
def test_the_expected_sampled_sum_is_the_full_sum(exponent: float) -> None:
    drawn = draw(negatives=DRAWS, popularity_exponent=exponent)
    logits = np.random.default_rng(1).normal(0, 1, len(COUNTS))
    drawable = (COUNTS[2:] > 0) | (exponent == 0)
    terms = np.exp(logits[drawn.rows] - drawn.correction.numpy().astype(np.float64))
    # The sum of C terms has a standard deviation of sqrt(C) times that of one.
    bound = 4 * np.sqrt(DRAWS) * terms.std()
    assert abs(terms.sum() - np.exp(logits[2:])[drawable].sum()) < bound


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0])
def test_draws_follow_the_counts_to_the_exponent(exponent: float) -> None:
    rows = draw(negatives=DRAWS, popularity_exponent=exponent).rows.numpy()
    mass = COUNTS[2:].astype(float) ** exponent
    drawn = np.bincount(rows - 2, minlength=len(mass))
    assert not drawn[mass == 0].any()
    expected = DRAWS * mass[mass > 0] / mass.sum()
    assert chisquare(drawn[mass > 0], expected).pvalue > 0.001


def test_other_seeds_give_other_negatives() -> None:
    sampler = sampled_softmax.negatives(sampled_softmax.Options(), COUNTS)
    assert (sampler(tf.constant([1, 2])).rows != sampler(tf.constant([1, 3])).rows).numpy().any()


def test_the_correction_is_the_log_of_the_expected_draws() -> None:
    # q = 5e-7 for each of 2,000,000 items; TFRS would correct by log(1e-6).
    counts = np.r_[0, 0, np.ones(2_000_000, int)]
    correction = draw(counts, negatives=64, popularity_exponent=1.0).correction
    np.testing.assert_allclose(correction, np.log(64 * 5e-7), rtol=1e-6)


def test_the_tail_of_a_large_catalogue_is_drawn() -> None:
    # In single precision the sum would stand still: 2**30 + 1 rounds to 2**30.
    counts = np.r_[0, 0, 2**30, np.ones(2**21, int)]
    rows = draw(counts, negatives=1_000_000, popularity_exponent=1.0).rows.numpy()
    tail = rows[rows > 2]
    # q = 2**21 / (2**30 + 2**21) = 0.00195: 1949 expected, standard deviation 44; a quarter of
    # them in each quarter of the tail, deviation sqrt(1949 * 3 / 16) = 19.
    assert abs(len(tail) - 1949) < 4 * 44
    quarters = np.bincount((tail - 3) // 2**19, minlength=4)
    assert (abs(quarters - len(tail) / 4) < 4 * 19).all()


def test_a_catalogue_without_positives_is_refused() -> None:
    with pytest.raises(DataError, match="min_item_events"):
        draw(np.zeros(5, int), popularity_exponent=1.0)


def test_an_empty_vocabulary_is_refused() -> None:
    with pytest.raises(DataError, match="0 items are in the vocabulary"):
        draw(np.zeros(2, int))


@pytest.mark.parametrize(
    "options",
    [{"negatives": 0}, {"popularity_exponent": 1.5}, {"popularity_exponent": -1}, {"number": 3}],
)
def test_wrong_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises((ConfigError, ValueError)):
        plugins.parse_options("loss", "sampled_softmax", options)
