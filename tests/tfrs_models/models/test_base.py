"""Both models under `Model.fit` of Keras."""

from typing import Any

import numpy as np
import pytest
from support.models import ranking_batch, retrieval_batch
from support.specs import make_spec

from configs.ranking import RankingConfig
from configs.retrieval import RetrievalConfig
from configs.training import TrainingConfig
from tfrs_models.backend import tf
from tfrs_models.models.two_tower import TwoTower
from tfrs_models.models.wide_deep import WideDeep
from trainers.optimizers.build import ranking_optimizer, retrieval_optimizer

SPEC = make_spec()
NO_DROPOUT = {"history_dropout": 0.0, "user_dropout": 0.0, "item_dropout": 0.0}


def two_tower() -> tuple[Any, list[Any], Any]:
    model = TwoTower(SPEC, RetrievalConfig(embedding_dim=4, **NO_DROPOUT), seed=0)
    batches = [retrieval_batch(SPEC, seed=seed) for seed in range(3)]
    return model, batches, retrieval_optimizer(TrainingConfig(learning_rate=0.01))


def wide_deep() -> tuple[Any, list[Any], Any]:
    model = WideDeep(SPEC, RankingConfig(dropout=0.0), seed=0)
    return model, [ranking_batch(SPEC, seed=seed) for seed in range(3)], ranking_optimizer(
        RankingConfig()
    )  # fmt: skip


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
