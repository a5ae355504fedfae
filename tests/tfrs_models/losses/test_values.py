"""Each loss against its formula in float64."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, logsumexp
from support.scores import NEGATIVES, Case

from tfrs_models.backend import tf, tfrs
from tfrs_models.losses import binary, bpr, cosine_contrastive, softmax

CASE = Case()


def sums(case: Case, log_weight: np.ndarray) -> np.ndarray:
    """log of the sum over the usable negatives, by query."""
    logits = case.negative / case.temperature + log_weight
    return logsumexp(np.where(case.usable, logits, -np.inf), axis=1)


@pytest.mark.parametrize("correction", ["corrected", "standard", "none"])
def test_softmax(correction: str) -> None:
    log_weight = np.log(CASE.count) - (0 if correction == "none" else CASE.log_expected)
    positive = CASE.positive / CASE.temperature
    if correction == "standard":
        positive = positive - CASE.positive_log_expected
    others = sums(CASE, log_weight)[CASE.owner]
    expected = CASE.mean(np.logaddexp(others, positive) - positive)
    value = softmax.loss(softmax.Options(correction=correction), CASE.scores())
    np.testing.assert_allclose(value, expected, rtol=1e-6)


def test_the_corrected_softmax_has_the_gradient_of_its_paper() -> None:
    """arXiv 2507.09331: sg(1 - P(p)) (log sum_j exp(s_j - log Q_j) - s+), j over the draws.

    P(p) = exp(s+) / (exp(s+) + the estimated sum over all other items).
    """
    scores = CASE.scores()
    variables = [tf.Variable(scores.positive), tf.Variable(scores.negative)]

    def paper(positive, negative):
        logits = negative / scores.temperature + tf.math.log(scores.count) - scores.log_expected
        others = tf.reduce_logsumexp(tf.where(scores.usable, logits, -1e9), axis=1)
        others = tf.gather(others, scores.owner)
        logit = positive / scores.temperature
        uncertainty = tf.stop_gradient(1.0 - tf.sigmoid(logit - others))
        return tf.reduce_mean(scores.weight * uncertainty * (others - logit))

    with tf.GradientTape(persistent=True) as tape:
        positive, negative = (variable + 0.0 for variable in variables)
        ours = softmax.loss(
            softmax.Options(), scores._replace(positive=positive, negative=negative)
        )
        theirs = paper(positive, negative)
    for variable in variables:
        expected = tape.gradient(theirs, variable)
        np.testing.assert_allclose(tape.gradient(ours, variable), expected, atol=1e-6)


@pytest.mark.parametrize("correction", ["standard", "none"])
def test_in_batch_softmax_equals_tfrs(correction: str) -> None:
    """One query a target, the batch's other targets as negatives, accidental hits removed."""
    size, ids = 6, np.array([11, 12, 11, 13, 14, 12])
    random = np.random.default_rng(5)
    queries, candidates = random.normal(0, 1, (2, size, 3)).astype(np.float32)
    probability = random.uniform(0.01, 0.2, 20)[ids]
    # A target is no negative of its own; TFRS masks the other rows with the same id.
    case = replace(
        CASE,
        positive=(queries * candidates).sum(1),
        owner=np.arange(size),
        negative=queries @ candidates.T,
        usable=ids[:, None] != ids,
        count=np.ones(size),
        log_expected=np.log(probability),
        positive_log_expected=np.log(probability),
        weight=np.linspace(0.5, 1.5, size),
    )
    task = tfrs.tasks.Retrieval(temperature=case.temperature, remove_accidental_hits=True)
    expected = task(
        queries,
        candidates,
        sample_weight=case.weight.astype(np.float32),
        candidate_ids=tf.constant(ids),
        candidate_sampling_probability=(
            probability.astype(np.float32) if correction == "standard" else None
        ),
    )
    value = softmax.loss(softmax.Options(correction=correction), case.scores())
    np.testing.assert_allclose(value, expected / size, rtol=1e-5)


def test_over_all_items_softmax_is_the_cross_entropy_of_tensorflow() -> None:
    random = np.random.default_rng(0)
    logits = random.normal(0, 3, (20, 8))
    target = random.integers(0, 8, 20)
    case = replace(
        CASE,
        positive=np.take_along_axis(logits, target[:, None], 1)[:, 0],
        owner=np.arange(20),
        negative=logits,
        usable=np.arange(8) != target[:, None],
        count=np.ones(8),
        log_expected=np.zeros(8),
        positive_log_expected=np.zeros(20),
        weight=np.ones(20),
        temperature=1.0,
    )
    expected = tf.nn.sparse_softmax_cross_entropy_with_logits(target, logits)
    value = softmax.loss(softmax.Options(), case.scores())
    np.testing.assert_allclose(value, tf.reduce_mean(expected), rtol=1e-6)


def test_cosine_contrastive() -> None:
    above = np.maximum(CASE.negative - 0.1, 0) * CASE.usable * CASE.count
    mean = above.sum(1) / (CASE.usable * CASE.count).sum(1)
    expected = CASE.mean(1 - CASE.positive + 20 * mean[CASE.owner])
    options = cosine_contrastive.Options(margin=0.1, negative_weight=20)
    np.testing.assert_allclose(cosine_contrastive.loss(options, CASE.scores()), expected, rtol=1e-5)


def test_cosine_contrastive_leaves_easy_negatives_alone() -> None:
    easy = replace(CASE, negative=np.full_like(CASE.negative, 0.39))
    expected = CASE.mean(1 - CASE.positive)
    value = cosine_contrastive.loss(cosine_contrastive.Options(), easy.scores())
    np.testing.assert_allclose(value, expected, rtol=1e-6)


@pytest.mark.parametrize("calibration", [0.0, 0.75, 1.0])
def test_binary(calibration: float) -> None:
    drawn = CASE.count.sum()
    alpha = drawn / (CASE.num_items - 1)
    # Equation 8 of the gSASRec paper, which the code simplifies.
    beta = alpha * (calibration * (1 - 1 / alpha) + 1 / alpha)
    positive = -beta * np.log(expit(CASE.positive / CASE.temperature))
    negative = -np.log(1 - expit(CASE.negative / CASE.temperature)) * CASE.usable * CASE.count
    expected = CASE.mean((positive + negative.sum(1)[CASE.owner]) / (1 + drawn))
    value = binary.loss(binary.Options(calibration=calibration), CASE.scores())
    np.testing.assert_allclose(value, expected, rtol=1e-5)


def test_binary_without_calibration_is_the_cross_entropy_of_keras() -> None:
    case = replace(
        CASE,
        positive=CASE.positive[:1],
        owner=np.zeros(1, int),
        positive_log_expected=np.zeros(1),
        weight=np.ones(1),
        count=np.ones(NEGATIVES),
    )
    logits = np.r_[case.positive, case.negative[0]] / case.temperature
    labels = np.r_[1.0, np.zeros(NEGATIVES)]
    expected = tf.keras.losses.BinaryCrossentropy(from_logits=True)(labels, logits)
    value = binary.loss(binary.Options(calibration=0.0), case.scores())
    np.testing.assert_allclose(value, expected, rtol=1e-6)


def test_bpr_is_the_mean_over_random_pairs() -> None:
    """With many pairs the mean over the draws is the mean over the counted negatives."""
    difference = (CASE.positive[:, None] - CASE.negative[CASE.owner]) / CASE.temperature
    counts = (CASE.usable * CASE.count)[CASE.owner]
    losses = (-np.log(expit(difference)) * counts).sum(1) / counts.sum(1)
    value = bpr.loss(bpr.Options(pairs=50_000), CASE.scores())
    np.testing.assert_allclose(value, CASE.mean(losses), rtol=0.01)


def test_bpr_of_one_pair_is_the_log_of_the_sigmoid() -> None:
    case = replace(
        CASE,
        positive=np.array([0.3]),
        owner=np.array([0]),
        negative=np.array([[0.1]]),
        usable=np.ones((1, 1), bool),
        count=np.ones(1),
        log_expected=np.zeros(1),
        positive_log_expected=np.zeros(1),
        weight=np.ones(1),
        temperature=0.1,
    )
    # -log sigmoid(0.2 / 0.1) = log(1 + e^-2)
    value = bpr.loss(bpr.Options(pairs=1), case.scores())
    np.testing.assert_allclose(value, np.log1p(np.exp(-2.0)), rtol=1e-5)
