"""Both models under `Model.fit` of Keras."""

from typing import Any

import numpy as np
import pytest
from support.models import ranking_batch, ranking_inputs, retrieval_batch
from support.specs import make_spec

from configs.ranking import RankingConfig
from configs.retrieval import RetrievalConfig
from configs.training import TrainingConfig
from tfrs_models.backend import tf
from tfrs_models.models.base import merge_gradients
from tfrs_models.models.two_tower import TwoTower
from tfrs_models.models.wide_deep import WideDeep
from trainers.optimizers.build import ranking_optimizer, retrieval_optimizer

SPEC = make_spec()
NO_DROPOUT = {"history_dropout": 0.0, "user_dropout": 0.0, "item_dropout": 0.0}


def two_tower() -> tuple[Any, list[Any], Any]:
    model = TwoTower(SPEC, RetrievalConfig(embedding_dim=4, **NO_DROPOUT), seed=0)
    batches = [retrieval_batch(SPEC, seed=seed) for seed in range(3)]
    return model, batches, retrieval_optimizer(TrainingConfig(learning_rate=0.01), 100)


def wide_deep() -> tuple[Any, list[Any], Any]:
    model = WideDeep(ranking_inputs(SPEC), RankingConfig(dropout=0.0), seed=0)
    batches = [ranking_batch(SPEC, seed=seed) for seed in range(3)]
    return model, batches, ranking_optimizer(RankingConfig(), 100)


def stream(batches: list[Any]) -> Any:
    return tf.data.Dataset.from_generator(
        lambda: iter(batches),
        output_signature=tf.nest.map_structure(tf.TensorSpec.from_tensor, batches[0]),
    )


@pytest.fixture(params=[two_tower, wide_deep])
def case(request: pytest.FixtureRequest) -> tuple[Any, list[Any], Any]:
    made: tuple[Any, list[Any], Any] = request.param()
    return made


def test_fit_lowers_the_loss(case: tuple[Any, list[Any], Any]) -> None:
    model, batches, optimizer = case
    model.compile(optimizer=optimizer)
    losses = model.fit(stream(batches), epochs=20, verbose=0).history["loss"]
    assert losses[-1] < 0.9 * losses[0]


def test_fit_and_evaluate_report_the_mean_of_an_epoch(case: tuple[Any, list[Any], Any]) -> None:
    model, batches, _ = case
    model.compile(optimizer=tf.keras.optimizers.SGD(0.0))
    mean = np.mean([model.compute_loss(batch) for batch in batches])
    history = model.fit(stream(batches), validation_data=stream(batches), epochs=2, verbose=0)
    assert set(history.history) == {"loss", "val_loss"}
    for name in ("loss", "val_loss"):
        np.testing.assert_allclose(history.history[name], [mean, mean], rtol=1e-5)


def test_evaluation_changes_no_weight(case: tuple[Any, list[Any], Any]) -> None:
    model, batches, optimizer = case
    model.compile(optimizer=optimizer)
    model.compute_loss(batches[0])
    before = [v.numpy() for v in model.trainable_variables]
    model.evaluate(stream(batches), verbose=0)
    for old, new in zip(before, model.trainable_variables, strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_step_on_several_batches_follows_their_mean_gradient(
    case: tuple[Any, list[Any], Any],
) -> None:
    model, batches, _ = case
    model.compile(optimizer=tf.keras.optimizers.SGD(1.0))
    model.compute_loss(batches[0])
    variables = model.trainable_variables
    before = [v.numpy() for v in variables]
    expected = [np.zeros_like(value) for value in before]
    for batch in batches:
        with tf.GradientTape() as tape:
            loss = model.compute_loss(batch, training=True)
        gradients = tape.gradient(loss, variables, unconnected_gradients="zero")
        for total, gradient in zip(expected, gradients, strict=True):
            total += tf.convert_to_tensor(gradient).numpy() / len(batches)
    model.train_on(batches)
    for old, variable, gradient in zip(before, variables, expected, strict=True):
        np.testing.assert_allclose(old - variable.numpy(), gradient, atol=1e-5)


def test_a_step_on_several_batches_counts_all_their_examples(
    case: tuple[Any, list[Any], Any],
) -> None:
    model, batches, optimizer = case
    model.compile(optimizer=optimizer)
    model.train_on(batches)
    # Six targets, or six lists, in each of three batches.
    assert model.examples.result() == 18


def test_row_sparse_gradients_stay_row_sparse_when_merged() -> None:
    first, second = (
        tf.IndexedSlices(tf.constant([[value]]), tf.constant([row]), tf.constant([5, 1]))
        for value, row in ((1.0, 3), (2.0, 0))
    )
    merged = merge_gradients([first, None, second])
    assert isinstance(merged, tf.IndexedSlices)
    assert tf.convert_to_tensor(merged).numpy().ravel().tolist() == [2, 0, 0, 1, 0]


def test_gradients_of_both_kinds_are_summed_as_dense_ones() -> None:
    sparse = tf.IndexedSlices(tf.constant([[1.0]]), tf.constant([1]), tf.constant([2, 1]))
    merged = merge_gradients([sparse, tf.constant([[5.0], [6.0]])])
    assert merged.numpy().ravel().tolist() == [5, 7]


def test_no_gradient_is_merged_to_none() -> None:
    assert merge_gradients([None, None]) is None
