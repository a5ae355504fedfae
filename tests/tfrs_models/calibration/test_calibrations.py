"""What every calibration must do."""

import json

import numpy as np
import pytest
from support.examples import Logits, sigmoid, too_sure

from configs import plugins
from configs.calibration import CalibrationConfig
from configs.errors import ArtifactError, ConfigError, DataError
from tfrs_models.backend import tf
from tfrs_models.calibration._calibration import Calibrator
from tfrs_models.metrics.pointwise import log_loss
from tfrs_models.metrics.reliability import ece

NAMES = plugins.names("calibration")
LEARNING = [name for name in NAMES if name != "none"]
SAMPLE = too_sure(3000, seed=0)
GRID = np.linspace(-12, 12, 4801, dtype=np.float32)


def fit(name: str, sample: Logits = SAMPLE) -> Calibrator:
    config = CalibrationConfig(type=name)
    return Calibrator.fit(config, sample.logits, sample.labels, sample.weights)


def rows(sample: Logits, chosen: np.ndarray) -> Logits:
    return Logits(sample.logits[chosen], sample.labels[chosen], sample.weights[chosen])


@pytest.fixture(scope="module", params=NAMES)
def fitted(request: pytest.FixtureRequest) -> Calibrator:
    return fit(request.param)


def test_probabilities_are_single_precision_in_the_shape_of_the_logits(fitted: Calibrator) -> None:
    for shape in ((), (4,), (0,), (2, 3), (2, 1, 3)):
        probabilities = fitted.apply(tf.zeros(shape))
        assert probabilities.shape == shape
        assert probabilities.dtype == tf.float32


def test_probabilities_never_fall_as_the_logit_rises(fitted: Calibrator) -> None:
    assert (np.diff(fitted.apply(GRID)) >= 0).all()


def test_probabilities_of_positive_logits_are_above_those_of_negative_ones(
    fitted: Calibrator,
) -> None:
    assert fitted.apply(-1.0) < fitted.apply(1.0)


@pytest.mark.parametrize("logit", [-1e30, -100.0, 0.0, 100.0, 1e30])
def test_probabilities_lie_from_0_to_1(fitted: Calibrator, logit: float) -> None:
    assert 0 <= fitted.apply(logit) <= 1


def test_a_compiled_graph_with_unknown_shape_is_the_eager_answer(fitted: Calibrator) -> None:
    signature = [tf.TensorSpec([None, None], tf.float32)]
    compiled = tf.function(fitted.apply, input_signature=signature, autograph=False)
    grid = GRID[:4800].reshape(60, 80)
    np.testing.assert_allclose(compiled(grid), fitted.apply(grid), rtol=1e-5)


def test_only_stock_operations_stand_in_the_graph(fitted: Calibrator) -> None:
    function = tf.function(fitted.apply, autograph=False)
    graph = function.get_concrete_function(tf.TensorSpec([None], tf.float32)).graph
    assert not {"PyFunc", "EagerPyFunc"} & {operation.type for operation in graph.get_operations()}
    assert not graph.variables


def test_a_saved_calibrator_answers_bit_for_bit(fitted: Calibrator, tmp_path) -> None:
    fitted.save(tmp_path / "calibrator.json")
    loaded = Calibrator.load(tmp_path / "calibrator.json")
    assert loaded == fitted
    np.testing.assert_array_equal(loaded.apply(GRID), fitted.apply(GRID))


def test_a_weight_of_2_equals_two_examples(fitted: Calibrator) -> None:
    twice = np.arange(3000) % 3 == 0
    heavy = Logits(SAMPLE.logits, SAMPLE.labels, np.where(twice, 2.0, 1.0))
    order = np.concatenate([np.arange(3000), np.flatnonzero(twice)])
    repeated = Logits(SAMPLE.logits[order], SAMPLE.labels[order], np.ones(4000))
    answers = [fit(fitted.type, sample).apply(GRID) for sample in (heavy, repeated)]
    np.testing.assert_allclose(*answers, rtol=1e-5)


def test_a_weight_of_0_is_no_example(fitted: Calibrator) -> None:
    kept = np.arange(3000) < 2500
    empty = Logits(SAMPLE.logits, SAMPLE.labels, np.where(kept, SAMPLE.weights, 0))
    answers = [fit(fitted.type, sample).apply(GRID) for sample in (empty, rows(SAMPLE, kept))]
    np.testing.assert_allclose(*answers, rtol=1e-5)


def test_no_weights_are_ones(fitted: Calibrator) -> None:
    config = CalibrationConfig(type=fitted.type)
    without = Calibrator.fit(config, SAMPLE.logits, SAMPLE.labels)
    ones = Logits(SAMPLE.logits, SAMPLE.labels, np.ones(3000))
    assert without == fit(fitted.type, ones)


def test_the_order_of_the_examples_does_not_matter(fitted: Calibrator) -> None:
    shuffled = rows(SAMPLE, np.random.default_rng(1).permutation(3000))
    answers = [fit(fitted.type, sample).apply(GRID) for sample in (SAMPLE, shuffled)]
    np.testing.assert_allclose(*answers, rtol=1e-5)


def test_the_log_loss_of_its_examples_does_not_rise(fitted: Calibrator) -> None:
    before = log_loss(sigmoid(SAMPLE.logits), SAMPLE.labels, SAMPLE.weights)
    after = log_loss(fitted.apply(SAMPLE.logits).numpy(), SAMPLE.labels, SAMPLE.weights)
    assert after <= before + 1e-7  # the sigmoid of float32 is not that of float64


@pytest.mark.parametrize("name", LEARNING)
def test_fresh_predictions_become_frequencies(name: str) -> None:
    sample, fresh = too_sure(100_000, seed=1), too_sure(100_000, seed=2)
    assert ece(sigmoid(fresh.logits), fresh.labels) > 0.05
    calibrator = fit(name, Logits(sample.logits, sample.labels, np.ones(100_000)))
    # Noise gives about 0.8 sqrt(20 * 0.2 / 100,000) = 0.005, see `ece`.
    assert ece(calibrator.apply(fresh.logits).numpy(), fresh.labels) < 0.01


@pytest.mark.parametrize("name", LEARNING)
@pytest.mark.parametrize(
    ("logits", "labels", "weights", "message"),
    [
        ([1, 2], [1, 1], [1, 1], "both classes, received 2 that are all 1. Calibrate on more"),
        (
            [1, 2],
            [0, 1],
            [1, 0],
            "2 examples or more, received 1. .*`ranking.calibration.type: none`",
        ),
        ([1, np.inf], [0, 1], [1, 1], "`logits` must be finite, received inf in row 1"),
        ([1, 1e300], [0, 1], [1, 1], "`logits` must be finite, received inf in row 1"),
        ([1, 2], [0, 3], [1, 1], "`labels` must lie from 0 to 1, received 3 in row 1"),
        ([1, 2], [0, 1], [-1, 1], "`weights` must be 0 or more, received -1 in row 0"),
        ([1], [0, 1], [1, 1], "received 1 `logits`, 2 `labels`, 2 `weights`"),
    ],
)
def test_examples_that_teach_nothing_are_refused(name, logits, labels, weights, message) -> None:
    with pytest.raises(DataError, match=message):
        fit(name, Logits(np.array(logits), np.array(labels), np.array(weights)))


@pytest.mark.parametrize("name", LEARNING)
def test_separable_examples_have_a_finite_answer(name: str) -> None:
    calibrator = fit(name, Logits(np.array([-1.0, 1]), np.array([0.0, 1]), np.ones(2)))
    assert calibrator.apply(-1.0) < 0.5 < calibrator.apply(1.0)


@pytest.mark.parametrize("name", ["isotonic", "platt"])
@pytest.mark.parametrize("logits", [[2.0, 2, 2, 2], [4.0, 3, 2, 1]])
def test_logits_that_tell_nothing_or_lie_become_the_mean(name: str, logits: list[float]) -> None:
    # One positive of 4; Platt's targets are 2/3 and 1/5: (2/3 + 3/5) / 4.
    sample = Logits(np.array(logits), np.array([0, 0, 0, 1.0]), np.ones(4))
    expected = {"isotonic": 0.25, "platt": (2 / 3 + 3 / 5) / 4}[name]
    np.testing.assert_allclose(fit(name, sample).apply(logits), expected, rtol=1e-6)


def test_platt_is_the_default() -> None:
    assert CalibrationConfig().type == "platt"


def test_an_unknown_calibration_names_the_nearest() -> None:
    with pytest.raises(ValueError, match="Did you mean `isotonic`"):
        CalibrationConfig(type="isotonik")


def test_a_missing_calibrator_says_so(tmp_path) -> None:
    with pytest.raises(ArtifactError, match="there is no calibrator at"):
        Calibrator.load(tmp_path / "calibrator.json")


@pytest.mark.parametrize("text", ["{", "[]", json.dumps({"type": "platt"})])
def test_a_damaged_calibrator_says_so(text: str, tmp_path) -> None:
    (tmp_path / "calibrator.json").write_text(text)
    with pytest.raises(ArtifactError, match="is damaged: a calibrator must be JSON with"):
        Calibrator.load(tmp_path / "calibrator.json")


def test_a_calibrator_of_an_unknown_type_says_so() -> None:
    with pytest.raises(ConfigError, match="no calibration is called `plat`"):
        Calibrator("plat", {}).apply(0.0)
