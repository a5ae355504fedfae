from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import expit, logsumexp
from support.models import LIST, LISTS, bag, dense, ranking_batch
from support.specs import make_spec, random_rows, shake

from configs.ranking import RankingConfig
from tfrs_models.backend import tf
from tfrs_models.features.spec import FeatureSpec
from tfrs_models.models.wide_deep import WideDeep
from trainers.optimizers.build import ranking_optimizer


def untrained(spec: FeatureSpec, seed: int = 0, **options: Any) -> WideDeep:
    options = {"hidden_units": (6, 5), "embedding_dim": 3} | options
    model = WideDeep(spec, RankingConfig.model_validate(options), seed)
    model.build_from(random_rows(spec, 1))
    return model


def make(spec: FeatureSpec, **options: Any) -> WideDeep:
    """A model with weights away from their start."""
    model = untrained(spec, **options)
    shake(model)
    return model


def test_an_untrained_model_ranks_as_the_retrieval_does(spec: FeatureSpec) -> None:
    encoded = random_rows(spec, 50)
    logits = untrained(spec).logits(encoded).numpy()
    np.testing.assert_array_equal(logits, 8 * encoded["retrieval_score"].numpy()[:, 0])


def test_the_logit_is_the_sum_of_its_parts() -> None:
    spec = make_spec()
    model, encoded = make(spec), random_rows(spec, 20)
    score = encoded["retrieval_score"].numpy().astype(np.float64)
    values = [encoded["age"], encoded["price"]]
    linear = model.wide.linear.get_weights()[0]
    wide = np.column_stack([np.ones(20), *values]) @ linear
    for name, weights in model.wide.weights_of.items():
        wide += bag(weights.table, encoded[name])
    tables = model.deep.features.embeddings
    ids = {name: bag(tables[name].table, encoded[name]) for name in tables}
    taste = bag(model.deep.history.table, encoded["history"])
    candidate = model.deep.history.table.numpy()[encoded["item_id"].numpy()[:, 0]]
    parts = [ids["user_id"], values[0], ids["item_id"], ids["genres"], values[1], ids["hour"]]
    layers = [dense(layer) for layer in (*model.deep.hidden, model.deep.last)]
    deep = np.column_stack([*parts, score, taste, taste * candidate])
    for layer in layers:
        deep = layer(deep)
    expected = (model.scale.numpy() * score + wide + deep)[:, 0]
    np.testing.assert_allclose(model.logits(encoded), expected, atol=1e-4)
    np.testing.assert_allclose(model.score(encoded), expit(expected), atol=1e-5)


def test_the_loss_is_the_softmax_of_each_list() -> None:
    spec = make_spec()
    model, batch = make(spec), ranking_batch(spec)
    logits = model.logits(batch["encoded"]).numpy().astype(np.float64).reshape(LISTS, LIST)
    expected = np.mean(logsumexp(logits, axis=1) - logits[:, 0])
    np.testing.assert_allclose(model.compute_loss(batch), expected, rtol=1e-5)


def test_a_pair_that_is_not_usable_counts_for_nothing() -> None:
    spec = make_spec()
    model, batch = make(spec), ranking_batch(spec)
    masked = batch | {"usable": tf.constant([[1.0, 1.0, 1.0, 0.0]] * LISTS)}
    logits = model.logits(batch["encoded"]).numpy().astype(np.float64).reshape(LISTS, LIST)[:, :3]
    expected = np.mean(logsumexp(logits, axis=1) - logits[:, 0])
    np.testing.assert_allclose(model.compute_loss(masked), expected, rtol=1e-5)


def test_a_list_without_negatives_has_no_loss_and_no_gradient() -> None:
    spec = make_spec()
    model, batch = make(spec), ranking_batch(spec, lists=1)
    alone = batch | {"usable": tf.constant([[1.0, 0.0, 0.0, 0.0]])}
    with tf.GradientTape() as tape:
        loss = model.compute_loss(alone)
    assert loss == 0.0
    for gradient in tape.gradient(loss, model.trainable_variables):
        assert not np.any(tf.convert_to_tensor(gradient).numpy())


def test_units_are_dropped_only_while_training() -> None:
    spec = make_spec()
    model, batch = make(spec, dropout=0.5), ranking_batch(spec)
    others = [batch | {"seed": tf.constant([0, seed])} for seed in range(3)]
    assert len({float(model.compute_loss(b)) for b in others}) == 1
    assert len({float(model.compute_loss(b, training=True)) for b in others}) == 3


def test_the_gradient_reaches_every_variable(spec: FeatureSpec) -> None:
    model, batch = make(spec), ranking_batch(spec, lists=20)
    with tf.GradientTape() as tape:
        loss = model.compute_loss(batch)
    gradients = tape.gradient(loss, model.trainable_variables)
    for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
        assert gradient is not None, variable.name
        assert np.any(tf.convert_to_tensor(gradient).numpy()), variable.name


@pytest.mark.parametrize("l1", [0.0, 0.02])
def test_l1_makes_wide_weights_exactly_0(l1: float) -> None:
    spec = make_spec()
    model, batch = untrained(spec), ranking_batch(spec, lists=20)
    model.compile(optimizer=ranking_optimizer(RankingConfig(ftrl_l1=l1), 100))
    for _ in range(5):
        model.train_step(batch)
    seen = np.unique(batch["encoded"]["item_id"])
    weights = model.wide.weights_of["item_id"].table.numpy()[seen, 0]
    zeros = (weights == 0).sum() - (0 in seen)  # padding has no weight to begin with
    assert (0 < zeros < len(seen) - 1) if l1 else zeros == 0


def test_one_row_is_a_batch(spec: FeatureSpec) -> None:
    model, encoded = make(spec), random_rows(spec, 3)
    one = {name: column[1:2] for name, column in encoded.items()}
    np.testing.assert_allclose(model.score(one), model.score(encoded)[1:2], rtol=1e-5)


def test_a_saved_model_answers_alike(spec: FeatureSpec, tmp_path: Path) -> None:
    model, encoded = make(spec), random_rows(spec, 7)
    specs = {n: tf.TensorSpec([None, *c.shape[1:]], c.dtype) for n, c in encoded.items()}
    module = tf.Module()
    module.score = tf.function(model.score, input_signature=[specs])
    module.weights = list(model.variables)
    tf.saved_model.save(module, str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path))
    np.testing.assert_allclose(loaded.score(encoded), model.score(encoded), rtol=1e-5)
