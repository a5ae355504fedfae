"""What the calibrations are, against scikit-learn and NumPy."""

import math

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from support.examples import sigmoid, too_sure

from tfrs_models.calibration import isotonic, platt, temperature
from tfrs_models.calibration._calibration import Calibrator
from tfrs_models.metrics.pointwise import log_loss

SAMPLE = too_sure(2000, seed=3, offset=-1.5)
GRID = np.linspace(-12, 12, 997, dtype=np.float32)


def fit(module, options=None):
    options = options or module.Options()
    return module.fit(options, SAMPLE.logits, SAMPLE.labels, SAMPLE.weights)


def applied(name, state, logits=GRID):
    return Calibrator(name, state).apply(logits).numpy()


def test_none_is_the_sigmoid():
    np.testing.assert_allclose(applied("none", {}), sigmoid(GRID), rtol=1e-5)


def test_the_graph_divides_by_the_temperature():
    expected = sigmoid(GRID / 2.5)
    np.testing.assert_allclose(applied("temperature", {"temperature": 2.5}), expected, rtol=1e-5)


def test_the_graph_applies_slope_and_offset():
    expected = sigmoid(0.5 * GRID - 1.25)
    state = {"slope": 0.5, "offset": -1.25}
    np.testing.assert_allclose(applied("platt", state), expected, rtol=1e-5)


def test_the_graph_interpolates_between_the_knots():
    state = {"logits": [-2.0, 0.5, 0.75, 3.0], "probabilities": [0.1, 0.1, 0.6, 0.9]}
    expected = np.interp(GRID, state["logits"], state["probabilities"])
    np.testing.assert_allclose(applied("isotonic", state), expected, rtol=1e-5)


def test_no_other_temperature_has_a_lower_loss():
    best = fit(temperature)["temperature"]
    losses = [
        log_loss(sigmoid(SAMPLE.logits / t), SAMPLE.labels, SAMPLE.weights)
        for t in best * np.array([0.999, 1, 1.001])
    ]
    assert losses[1] < min(losses[0], losses[2])


def test_the_temperature_by_hand():
    # Logits of 1, three of four positive: sigmoid(1 / T) = 3/4, so 1 / T = log 3.
    options, ones = temperature.Options(), np.ones(4)
    state = temperature.fit(options, ones, np.array([1, 1, 1, 0.0]), ones)
    assert state["temperature"] == pytest.approx(1 / math.log(3))


def test_the_temperature_is_bounded():
    options, logits, labels = temperature.Options(), np.array([-1.0, 1]), np.array([0.0, 1])
    assert temperature.fit(options, logits, labels, np.ones(2)) == {"temperature": 1e-3}
    assert temperature.fit(options, logits, 1 - labels, np.ones(2)) == {"temperature": 1e3}


def test_platt_is_logistic_regression_on_smoothed_labels():
    # Each example as a positive of weight t and a negative of weight 1 - t.
    positives, negatives = SAMPLE.weights @ SAMPLE.labels, SAMPLE.weights @ (1 - SAMPLE.labels)
    t = np.where(SAMPLE.labels == 1, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    logits, labels = np.tile(SAMPLE.logits, 2)[:, None], np.repeat([1, 0], 2000)
    weights = np.concatenate([SAMPLE.weights * t, SAMPLE.weights * (1 - t)])
    oracle = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-10)
    oracle.fit(logits.astype(np.float64), labels, sample_weight=weights)
    state = fit(platt)
    assert state["slope"] == pytest.approx(oracle.coef_[0, 0], rel=1e-6)
    assert state["offset"] == pytest.approx(oracle.intercept_[0], rel=1e-6)


def test_platt_finds_the_distortion():
    # The truth is sigmoid(logit / 2 - 1.5). With 100,000 examples the errors of both are near 0.01.
    sample = too_sure(100_000, seed=4, offset=-1.5)
    state = platt.fit(platt.Options(), sample.logits, sample.labels, np.ones(100_000))
    assert state["slope"] == pytest.approx(0.5, abs=0.02)
    assert state["offset"] == pytest.approx(-1.5, abs=0.04)


@pytest.mark.parametrize("shift", [-1e4, 1e4])
def test_platt_bears_logits_far_from_0(shift):
    moved = platt.fit(
        platt.Options(), SAMPLE.logits + np.float32(shift), SAMPLE.labels, SAMPLE.weights
    )
    # float32 holds a logit near 10,000 to 0.0005
    assert moved["slope"] == pytest.approx(fit(platt)["slope"], rel=1e-3)


def test_isotonic_is_that_of_scikit_learn():
    least = 1 / (SAMPLE.weights.sum() + 2)
    oracle = IsotonicRegression(y_min=least, y_max=1 - least, out_of_bounds="clip")
    oracle.fit(SAMPLE.logits, SAMPLE.labels, sample_weight=SAMPLE.weights)
    expected = oracle.predict(GRID)
    np.testing.assert_allclose(applied("isotonic", fit(isotonic)), expected, rtol=1e-4)


def test_isotonic_by_hand():
    # The rates 1, 0 violate and pool to 1/2; the ends 0 and 1 keep 1 / (5 + 2) away.
    logits, labels = np.array([0.0, 1, 2, 3, 4]), np.array([0.0, 1, 0, 1, 1])
    state = isotonic.fit(isotonic.Options(), logits, labels, np.ones(5))
    assert state["logits"] == [0, 1, 2, 3, 4]
    np.testing.assert_allclose(state["probabilities"], [1 / 7, 1 / 2, 1 / 2, 6 / 7, 6 / 7])


def test_isotonic_keeps_the_order_between_flat_stretches():
    state = {"logits": [0.0, 1.0, 2.0], "probabilities": [0.2, 0.2, 0.4]}
    probabilities = applied("isotonic", state, np.linspace(1, 2, 100, dtype=np.float32))
    assert (np.diff(probabilities) > 0).all()


def test_isotonic_joins_stretches_beyond_its_knots():
    # Four stretches of one logit each; with 4 knots they join in pairs: rates 0 and 0.3, 0.6 and 1.
    logits, labels = np.array([0.0, 1, 2, 3]), np.array([0, 0.3, 0.6, 1])
    options = isotonic.Options(max_knots=4)
    state = isotonic.fit(options, logits, labels, np.array([100.0, 300, 200, 100]))
    assert state["logits"] == [0, 1, 2, 3]
    # 90 of 400 and 220 of 300
    np.testing.assert_allclose(state["probabilities"], np.repeat([90 / 400, 220 / 300], 2))


def test_isotonic_has_no_more_knots_than_allowed():
    generator = np.random.default_rng(0)
    logits = generator.normal(size=50_000)
    labels = (generator.uniform(size=50_000) < sigmoid(logits)).astype(float)
    few, many = (
        isotonic.fit(isotonic.Options(max_knots=knots), logits, labels, np.ones(50_000))
        for knots in (40, 500)
    )
    assert 30 < len(few["logits"]) <= 40 < len(many["logits"]) <= 500
    losses = [log_loss(applied("isotonic", s, logits), labels) for s in (few, many)]
    assert losses[0] == pytest.approx(losses[1], abs=0.002)


def test_isotonic_stays_finite_in_a_log_loss():
    size = 10**7  # of weight, far beyond what float32 tells from 1
    logits, labels = np.array([-1.0, 1]), np.array([0.0, 1])
    state = isotonic.fit(isotonic.Options(), logits, labels, np.full(2, size))
    probabilities = applied("isotonic", state, logits)
    np.testing.assert_allclose([probabilities[0], 1 - probabilities[1]], 1e-6, rtol=0.1)
