"""A trained ranker: outputs, calibrators and the formula."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import expit
from support.ranker import ROWS, make_encoder, request
from support.specs import shake

from configs.formula import SCORE
from configs.ranking import RankingConfig
from tfrs_models.backend import tf
from tfrs_models.calibration._calibration import Calibrator
from tfrs_models.models.ranker import Ranker
from tfrs_models.models.wide_deep import RankingInputs, WideDeep

TASKS: dict[str, Any] = {
    "click": {},
    "buy": {"given": "click"},
    "stars": {"label": {"type": "value"}, "objective": {"type": "huber"}},
}
LOGITS = {
    "click": tf.constant([0.0, 2.0]),
    "buy": tf.constant([-1.0, 1.0]),
    "stars": tf.constant([1.0, -2.0]),
}
SLOPE_2 = Calibrator("platt", {"slope": 2.0, "offset": 0.5})


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[WideDeep, Any, Any]:
    folder: Path = tmp_path_factory.mktemp("ranker")
    encoder, items = make_encoder(folder)
    config = RankingConfig.model_validate({"tasks": TASKS, "hidden_units": [4]})
    inputs = RankingInputs.of(encoder.encoder.spec, len(encoder.pairs.names))
    model = WideDeep(inputs, config, seed=0)
    Ranker(model, encoder, {}, "click").predict(*request(items))
    shake(model)
    model.scaling.assign([[0.0, 1.0], [0.0, 1.0], [2.0, 1.5]])
    return model, encoder, items


def outputs(world: Any, formula: str, **calibrators: Calibrator) -> dict[str, Any]:
    model, encoder, _ = world
    return Ranker(model, encoder, calibrators, formula).outputs(LOGITS)


def test_there_is_an_output_for_each_task_and_the_score(world) -> None:
    found = outputs(world, "click")
    assert list(found) == ["click", "buy", "stars", SCORE]
    assert all(one.dtype == tf.float32 and one.shape == (2,) for one in found.values())


def test_without_calibrators_outputs_are_those_of_the_objectives(world) -> None:
    found = outputs(world, "click")
    np.testing.assert_allclose(found["click"], expit([0, 2]), rtol=1e-6)
    np.testing.assert_allclose(found["buy"], expit([-1, 1]), rtol=1e-6)
    np.testing.assert_allclose(found["stars"], [1.5, -3.0], rtol=1e-6)


def test_a_calibrator_replaces_the_output_of_its_task(world) -> None:
    found = outputs(world, "buy", buy=SLOPE_2)
    np.testing.assert_allclose(found["buy"], expit([-1.5, 2.5]), rtol=1e-6)
    np.testing.assert_allclose(found["click"], expit([0, 2]), rtol=1e-6)


def test_the_score_is_the_formula_over_calibrated_outputs(world) -> None:
    found = outputs(world, "click * (0.5 + buy) ** 2 - stars / 10", buy=SLOPE_2)
    expected = expit([0, 2]) * (0.5 + expit([-1.5, 2.5])) ** 2 - np.array([1.5, -3.0]) / 10
    np.testing.assert_allclose(found[SCORE], expected, rtol=1e-5)


def test_predictions_are_the_outputs_of_the_models_logits(world) -> None:
    model, encoder, items = world
    ranker = Ranker(model, encoder, {"click": SLOPE_2}, "click + stars")
    query, columns, statistics, retrieved = request(items)
    pairs = encoder.pairs(query, columns, statistics, retrieved)
    rows = encoder.candidates(query, {n: columns[n] for n in encoder.item_names}, pairs)
    expected = ranker.outputs(model.logits(query, rows))
    found = ranker.predict(*request(items))
    assert found[SCORE].shape == (ROWS.size,)
    for name in (*TASKS, SCORE):
        np.testing.assert_array_equal(found[name], expected[name])


def test_predictions_of_a_request_do_not_depend_on_the_others(world) -> None:
    model, encoder, items = world
    ranker = Ranker(model, encoder, {}, "click")
    one = tf.nest.map_structure(lambda column: column[1:], request(items))
    alone, together = ranker.predict(*one), ranker.predict(*request(items))
    np.testing.assert_allclose(alone[SCORE], together[SCORE][3:], rtol=1e-5)


def test_a_compiled_ranker_predicts_alike(world) -> None:
    model, encoder, items = world
    ranker = Ranker(model, encoder, {"buy": SLOPE_2}, "click * buy")
    compiled = tf.function(ranker.predict, autograph=False)
    found, expected = compiled(*request(items)), ranker.predict(*request(items))
    for name in (*TASKS, SCORE):
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-5)
