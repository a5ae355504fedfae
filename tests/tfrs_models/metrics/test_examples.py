import numpy as np
import pytest

from configs.errors import DataError
from tfrs_models.metrics.examples import Examples

HALVES = np.array([0.5, 0.5])


def test_no_weights_are_ones():
    assert Examples.check(HALVES, HALVES).weights.tolist() == [1, 1]


def test_the_mean_is_weighted():
    # (1 * 2 + 3 * 6) / 4
    examples = Examples.check(HALVES, HALVES, np.array([1.0, 3.0]))
    assert examples.mean(np.array([2.0, 6.0])) == 5


def test_single_precision_is_taken_as_double():
    assert Examples.check(HALVES.astype(np.float32), HALVES).predictions.dtype == np.float64


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (([0.5, np.nan], [0, 1]), "`predictions` must be finite, received nan in row 1"),
        (([0.5, 0.5], [np.inf, 1]), "`labels` must be finite, received inf in row 0"),
        (([0.5, 0.5], [0, 1], [1, -2]), "`weights` must be 0 or more, received -2 in row 1"),
        (([0.5, 0.5], [0, 1], [0, 0]), "`weights` must hold one above 0, received 2 without"),
        (([], []), "`weights` must hold one above 0, received 0 without"),
        (([0.5], [0, 1]), "received 1 `predictions`, 2 `labels`, 2 `weights`"),
        (([[0.5]], [0]), r"`predictions` must have one axis, received the shape \(1, 1\)"),
    ],
)
def test_what_no_metric_can_read_is_refused(arrays, message):
    with pytest.raises(DataError, match=message):
        Examples.check(*map(np.array, arrays))


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (([0.5, 2], [0, 1]), "`predictions` must lie from 0 to 1, received 2 in row 1. Apply"),
        (([0.5, 0.5], [0, 5]), "`labels` must lie from 0 to 1, received 5 in row 1. Divide"),
    ],
)
def test_what_is_no_probability_is_refused(arrays, message):
    with pytest.raises(DataError, match=message):
        Examples.check_probabilities(*map(np.array, arrays))
