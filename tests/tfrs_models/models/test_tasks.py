"""Tasks that depend on another one, and the advantage of a shown place."""

from typing import Any

import numpy as np
import pytest
from support.models import LIST, LISTS, ranking_batch, ranking_inputs, ranking_rows
from support.specs import make_spec, shake

from configs.ranking import RankingConfig
from tfrs_models.backend import tf
from tfrs_models.models.wide_deep import WideDeep, _both

SPEC = make_spec()
POSITIONS = {"positions": 3}


def make(**options: Any) -> WideDeep:
    options = {"hidden_units": (6, 5), "embedding_dim": 3} | options
    model = WideDeep(ranking_inputs(SPEC), RankingConfig.model_validate(options), seed=0)
    model.build_from(*ranking_rows(SPEC, 1))
    shake(model)
    return model


def sigmoid(logits: Any) -> Any:
    return 1 / (1 + np.exp(-np.asarray(logits, np.float64)))


def test_the_output_of_a_given_task_is_the_product_of_both() -> None:
    rows = ranking_rows(SPEC)
    given = make(tasks={"buy": {"given": "click"}, "click": {}})
    apart = make(tasks={"buy": {}, "click": {}}).logits(*rows)
    logits = given.logits(*rows)
    found = given.predictions(logits)
    expected = sigmoid(apart["buy"]) * sigmoid(apart["click"])
    np.testing.assert_allclose(found["buy"], expected, rtol=1e-5)
    np.testing.assert_allclose(found["click"], sigmoid(apart["click"]), rtol=1e-5)


@pytest.mark.parametrize("a", [-1e4, -90.0, -5.0, 0.0, 5.0, 90.0, 1e4])
@pytest.mark.parametrize("b", [-1e4, -90.0, -5.0, 0.0, 5.0, 90.0, 1e4])
def test_extreme_log_odds_of_both_are_exact(a: float, b: float) -> None:
    logits = tf.Variable([a, b])
    with tf.GradientTape() as tape:
        both = _both(logits[0], logits[1])
    # log p - log(1 - p) of p = sigma(a) sigma(b), in logarithms throughout.
    log_p = -np.logaddexp(0, -a) - np.logaddexp(0, -b)
    log_not = np.logaddexp(-np.logaddexp(0, a), -np.logaddexp(0, -a) - np.logaddexp(0, b))
    np.testing.assert_allclose(both, log_p - log_not, rtol=1e-5)
    gradient = tape.gradient(both, logits).numpy()
    assert np.isfinite(gradient).all()
    assert (gradient >= 0).all()


def test_a_given_task_teaches_its_condition_too() -> None:
    model = make(tasks={"buy": {"given": "click"}, "click": {}})
    batch = ranking_batch(SPEC, tasks=2)
    batch["labels"] *= tf.constant([[[1.0, np.nan]]])  # clicks are not known
    with tf.GradientTape() as tape:
        loss = model.compute_loss(batch)
    _, click = model.deep.last
    assert np.any(tape.gradient(loss, click.kernel).numpy())


def shown(model: WideDeep, places: list[int]) -> Any:
    """What shown places add to the logits."""
    query, candidates = ranking_rows(SPEC, len(places))
    position = tf.repeat(tf.constant(places), LIST)
    without = model.logits(query, candidates)["positive"]
    return (model.logits(query, candidates | {"position": position})["positive"] - without).numpy()


def test_a_place_adds_its_advantage_over_the_mean_place() -> None:
    model = make(**POSITIONS)
    model.advantage.table.assign([[5.0], [2.0], [-1.0]])  # a mean of 2
    np.testing.assert_allclose(shown(model, [0, 1, 2])[::LIST], [3, 0, -3], atol=1e-5)


def test_places_after_the_last_are_the_last() -> None:
    model = make(**POSITIONS)
    model.advantage.table.assign([[5.0], [2.0], [-1.0]])
    np.testing.assert_allclose(shown(model, [3, 30_000])[::LIST], [-3, -3], atol=1e-5)


def test_who_was_shown_no_place_has_no_advantage() -> None:
    assert not shown(make(**POSITIONS), [-1, -1]).any()


def test_places_start_without_an_advantage_and_learn_one() -> None:
    model = WideDeep(ranking_inputs(SPEC), RankingConfig(positions=3), seed=0)
    batch = ranking_batch(SPEC)
    batch["candidates"]["position"] = tf.tile([0, 1, 2, -1], [LISTS])
    with tf.GradientTape() as tape:
        loss = model.compute_loss(batch)
    assert not model.advantage.table.numpy().any()
    # The first place is always taken, the others never are.
    gradient = tape.gradient(loss, model.advantage.table).numpy()[:, 0]
    assert gradient[0] < 0 < min(gradient[1:])


def test_without_positions_places_are_not_read() -> None:
    assert not shown(make(), [0, 1, 2]).any()
