"""Each objective against its formula, by hand."""

import math
from typing import Any

import numpy as np
import pytest
from scipy.special import logsumexp

from configs.errors import ConfigError, DataError
from tfrs_models.backend import tf
from tfrs_models.objectives import binary, huber, softmax, squared
from tfrs_models.objectives._pairs import Pairs, check_labels, objective

NAN = math.nan
LOG3 = math.log(3)


def make(
    logits: Any,
    labels: Any,
    usable: Any = None,
    stands_for: Any = None,
    positives: Any = None,
    scaling: Any = (0, 1),
) -> Pairs:
    logits = np.asarray(logits, np.float32)
    return Pairs(
        tf.constant(logits),
        tf.constant(labels, tf.float32),
        tf.constant(np.ones(logits.shape, bool) if usable is None else np.asarray(usable, bool)),
        tf.constant(np.ones(logits.shape) if stands_for is None else stands_for, tf.float32),
        tf.constant(np.ones(len(logits)) if positives is None else positives, tf.float32),
        tf.constant(scaling, tf.float32),
    )


def value(plugin: Any, pairs: Pairs, **options: Any) -> float:
    return float(plugin.loss(plugin.Options(**options), pairs))


def test_weights_divide_what_a_request_has_among_its_lists() -> None:
    pairs = make(
        np.zeros((2, 3)),
        [[1, 0, NAN], [1, 0, 0]],
        usable=[[1, 1, 1], [1, 0, 1]],
        stands_for=[[1, 6, 6], [1, 6, 8]],
        positives=[2, 4],
    )
    # The positive counts as it is: it has this list alone. 6 / 2, unknown; unusable, 8 / 4.
    assert pairs.weights.numpy().tolist() == [[1, 3, 0], [1, 0, 2]]


def test_binary_is_the_weighted_cross_entropy() -> None:
    # Logits of 3:1 and 1:3: -log(3/4) twice, once with a weight of 3; then -log(1/4).
    pairs = make([[LOG3, -LOG3, LOG3]], [[1, 0, 0]], stands_for=[[1, 3, 1]])
    expected = (4 * -math.log(3 / 4) - math.log(1 / 4)) / 5
    assert value(binary, pairs) == pytest.approx(expected, rel=1e-6)


def test_binary_takes_shares_as_labels() -> None:
    expected = -0.25 * math.log(3 / 4) - 0.75 * math.log(1 / 4)
    assert value(binary, make([[LOG3]], [[0.25]])) == pytest.approx(expected, rel=1e-6)


def test_binary_over_the_lists_of_one_request_is_the_mean_of_its_whole_list() -> None:
    """Three positives and five others; each positive has a list with all others."""
    random = np.random.default_rng(0)
    positive, other = random.normal(0, 2, 3), random.normal(0, 2, 5)
    lists = np.column_stack([positive, np.tile(other, (3, 1))])
    labels = np.tile([1, 0, 0, 0, 0, 0], (3, 1))
    whole = np.r_[np.logaddexp(0, -positive), np.logaddexp(0, other)].mean()
    found = value(binary, make(lists, labels, positives=[3, 3, 3]))
    assert found == pytest.approx(whole, rel=1e-6)


def test_drawn_negatives_estimate_the_binary_mean_of_the_whole_list() -> None:
    """Of two positives and eight others two are drawn, so each draw stands for ten / two."""
    random = np.random.default_rng(1)
    logits = random.normal(0, 2, 10)
    draws = random.integers(0, 10, (40_000, 2))
    positive = np.arange(40_000) % 2
    pairs = make(
        np.column_stack([logits[positive], logits[draws]]),
        np.tile([1, 0, 0], (40_000, 1)),
        usable=np.column_stack([np.ones(40_000), draws >= 2]),
        stands_for=np.tile([1, 5, 5], (40_000, 1)),
        positives=np.full(40_000, 2),
    )
    whole = np.r_[np.logaddexp(0, -logits[:2]), np.logaddexp(0, logits[2:])].mean()
    assert value(binary, pairs) == pytest.approx(whole, rel=0.01)


def test_binary_starts_at_the_log_odds_of_its_labels() -> None:
    # Weights 3 and 1: a share of 3/4 is odds of 3.
    assert binary.scaling(np.array([1.0, 0.0]), np.array([3.0, 1.0])) == pytest.approx((LOG3, 1))


def test_binary_of_one_class_starts_at_finite_odds() -> None:
    offset, _ = binary.scaling(np.zeros(5), np.ones(5))
    assert offset == pytest.approx(math.log(1e-6), rel=1e-5)


def test_softmax_is_the_choice_of_the_positive() -> None:
    pairs = make([[1.0, 0.0, -1.0], [0.5, 2.0, 3.0]], [[1, 0, 0], [1, 0, NAN]])
    first = math.log(math.e + 1 + 1 / math.e) - 1
    second = math.log(math.exp(0.5) + math.exp(2)) - 0.5  # the third is not known
    assert value(softmax, pairs) == pytest.approx((first + second) / 2, rel=1e-6)


def test_softmax_leaves_other_positives_out_of_a_list() -> None:
    assert value(softmax, make([[1.0, 0.0, 9.0]], [[1, 0, 1]])) == pytest.approx(
        math.log(math.e + 1) - 1, rel=1e-6
    )


def test_softmax_ignores_lists_without_a_positive() -> None:
    pairs = make([[1.0, 0.0], [5.0, 1.0]], [[1, 0], [0, 0]])
    assert value(softmax, pairs) == pytest.approx(math.log(math.e + 1) - 1, rel=1e-6)


def test_softmax_of_a_positive_alone_costs_nothing() -> None:
    assert value(softmax, make([[-7.0, 3.0]], [[1, NAN]])) == 0


def test_drawn_negatives_estimate_the_full_softmax() -> None:
    """exp(loss) is 1 + the sum over the others / exp(positive), and linear in that sum."""
    random = np.random.default_rng(2)
    others = random.normal(0, 1, 6).astype(np.float32)
    one = make([[0.5, 0, 0]], [[1, 0, 0]], stands_for=[[1, 3, 3]])  # two of six are drawn

    @tf.function(autograph=False)
    def losses(drawn: Any) -> Any:
        def loss(two: Any) -> Any:
            logits = tf.concat([[[0.5]], two[tf.newaxis]], axis=1)
            return softmax.loss(softmax.Options(), one._replace(logits=logits))

        return tf.map_fn(loss, drawn)

    found = np.exp(losses(tf.constant(others[random.integers(0, 6, (10_000, 2))]))).mean()
    full = value(softmax, make([[0.5, *others]], [[1] + 6 * [0]]))
    assert found == pytest.approx(np.exp(full), rel=0.02)


def test_squared_is_the_mean_square_in_deviations() -> None:
    # Labels 5 and 1 in deviations of 2 are 2.5 and 0.5; errors 0.5 and 1 with weights 1 and 3.
    pairs = make([[2.0, 1.5]], [[5, 1]], stands_for=[[1, 3]], scaling=[1.5, 2])
    assert value(squared, pairs) == pytest.approx((0.5**2 + 3 * 1) / 4)


def test_huber_is_linear_far_away() -> None:
    # Errors of 0.5 and 3 deviations: 0.5^2 / 2, and 1 * (3 - 1 / 2).
    pairs = make([[2.0, 3.5]], [[5, 1]], scaling=[1.5, 2])
    assert value(huber, pairs) == pytest.approx((0.125 + 2.5) / 2)


def test_the_delta_of_huber_says_where() -> None:
    # 2 * (3 - 2 / 2)
    assert value(huber, make([[3.0]], [[0]]), delta=2.0) == pytest.approx(4.0)


@pytest.mark.parametrize("plugin", [squared, huber])
def test_numbers_start_at_their_weighted_mean(plugin: Any) -> None:
    # 1 x 1, 5 x 3: mean 4, variance (9 + 3) / 4 = 3.
    start, scale = plugin.scaling(np.array([1.0, 5.0]), np.array([1.0, 3.0]))
    assert (start, scale) == pytest.approx((4 / math.sqrt(3), math.sqrt(3)))
    assert plugin.output(start, (start, scale)) == pytest.approx(4)


@pytest.mark.parametrize("plugin", [squared, huber])
def test_numbers_that_are_all_the_same_start_there(plugin: Any) -> None:
    assert plugin.scaling(np.array([2.0, 2.0]), np.ones(2)) == (2, 1)


@pytest.mark.parametrize("plugin", [squared, huber])
def test_without_an_error_numbers_cost_nothing(plugin: Any) -> None:
    pairs = make([[2.5, 0.5]], [[5, 1]], scaling=[1.5, 2])
    assert value(plugin, pairs) == 0
    assert plugin.output(pairs.logits, pairs.scaling).numpy().tolist() == [[5, 1]]


@pytest.mark.parametrize("plugin", [binary, softmax])
def test_the_output_of_choices_lies_between_0_and_1(plugin: Any) -> None:
    found = plugin.output(tf.constant([0.0, LOG3]), tf.constant([9.0, 1.0]))
    np.testing.assert_allclose(found, [0.5, 0.75], rtol=1e-6)


def test_the_softmax_of_all_candidates_is_the_cross_entropy_of_tensorflow() -> None:
    logits = np.random.default_rng(4).normal(0, 2, (5, 7))
    labels = np.tile(np.arange(7) == 0, (5, 1))
    expected = np.mean(logsumexp(logits, axis=1) - logits[:, 0])
    assert value(softmax, make(logits, labels)) == pytest.approx(expected, rel=1e-5)


def test_labels_of_which_none_is_known_are_refused() -> None:
    with pytest.raises(DataError, match=r"`ranking\.tasks\.buy` has no label among the examples"):
        check_labels("buy", "squared", np.array([NAN, NAN]))


@pytest.mark.parametrize("wrong", [2.0, -0.5, math.inf])
def test_labels_outside_the_range_are_refused(wrong: float) -> None:
    message = f"`ranking.tasks.buy` has the label {wrong:g}, and the objective `binary` takes"
    with pytest.raises(DataError, match=f"{message} labels from 0 to 1"):
        check_labels("buy", "binary", np.array([0, 1, NAN, wrong]))


def test_numbers_must_be_finite() -> None:
    with pytest.raises(DataError, match="has the label inf"):
        check_labels("stars", "huber", np.array([1.0, math.inf]))


@pytest.mark.parametrize("name", ["binary", "softmax"])
@pytest.mark.parametrize(("label", "absent"), [(0.0, "positive"), (1.0, "negative")])
def test_one_class_teaches_nothing(name: str, label: float, absent: str) -> None:
    message = f"`ranking.tasks.buy` has no {absent} label among 3 examples: choose another `label`"
    with pytest.raises(DataError, match=message):
        check_labels("buy", name, np.array([label, label, NAN, label]))


@pytest.mark.parametrize(
    ("name", "labels"),
    [("binary", [0, 1, NAN]), ("binary", [0.3, 0.3]), ("softmax", [0, 1]), ("squared", [-7, -7])],
)
def test_labels_that_teach_something_pass(name: str, labels: list[float]) -> None:
    check_labels("buy", name, np.array(labels))


def test_an_unknown_objective_is_told_the_nearest() -> None:
    with pytest.raises(ConfigError, match="Did you mean `huber`"):
        objective("hubert")
