from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import logsumexp
from support.models import bag, dense, retrieval_batch
from support.specs import FEATURES, ITEMS, constant_rows, feature, make_spec, random_rows, shake

from configs.errors import ConfigError
from configs.retrieval import RetrievalConfig
from tfrs_models.backend import tf, tfrs
from tfrs_models.features.spec import FeatureSpec
from tfrs_models.models.two_tower import TwoTower

NO_DROPOUT = {"history_dropout": 0.0, "user_dropout": 0.0, "item_dropout": 0.0}


def make(spec: FeatureSpec, seed: int = 0, **options: Any) -> TwoTower:
    """A model with weights away from their start."""
    model = TwoTower(spec, RetrievalConfig.model_validate({"embedding_dim": 4} | options), seed)
    model.build_from(random_rows(spec, 1))
    shake(model)
    return model


def unit(rows: Any) -> Any:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_embeddings_have_norm_1(spec: FeatureSpec) -> None:
    model, encoded = make(spec), random_rows(spec, 20)
    for embedding in (model.embed_query(encoded), model.embed_candidate(encoded)):
        assert embedding.shape == (20, 4)
        np.testing.assert_allclose(np.linalg.norm(embedding, axis=1), 1.0, rtol=1e-5)


@pytest.mark.parametrize("value", [0, 1], ids=["missing", "unknown"])
def test_a_row_of_nothing_known_has_a_direction(spec: FeatureSpec, value: int) -> None:
    model = TwoTower(spec, RetrievalConfig(embedding_dim=4), seed=0)
    encoded = constant_rows(spec, 1, value)
    for embedding in (model.embed_query(encoded), model.embed_candidate(encoded)):
        np.testing.assert_allclose(np.linalg.norm(embedding, axis=1), 1.0, rtol=1e-5)


def test_a_query_of_nothing_known_is_the_average_query() -> None:
    spec = make_spec()
    model = TwoTower(spec, RetrievalConfig(embedding_dim=4, user_dropout=0.0), seed=0)
    encoded = constant_rows(spec, 1, 0)
    model.user_ids(tf.constant([0]))
    model.user_ids.table.assign(0 * model.user_ids.table)
    expected = unit(model.average.numpy()[np.newaxis])
    np.testing.assert_allclose(model.embed_query(encoded), expected, rtol=1e-5)


def test_the_candidate_is_the_sum_of_id_and_content() -> None:
    spec = make_spec()
    model, encoded = make(spec, candidate_hidden_units=(5,)), random_rows(spec, 20)
    embeddings, hidden, last = model.content.layers
    genres = bag(embeddings.embeddings["genres"].table, encoded["genres"])
    content = dense(last)(dense(hidden)(np.column_stack([genres, encoded["price"]])))
    ids = model.item_ids.table.numpy()[encoded["item_id"].numpy()[:, 0]]
    np.testing.assert_allclose(model.embed_candidate(encoded), unit(ids + content), atol=1e-5)


def test_the_query_is_the_sum_of_its_parts() -> None:
    spec = make_spec()
    model, encoded = make(spec, query_hidden_units=(5, 3)), random_rows(spec, 20)
    embeddings, first, second, last = model.query_features.layers
    hour = bag(embeddings.embeddings["hour"].table, encoded["hour"])
    features = np.column_stack([encoded["age"], hour])
    history = encoded["history"].numpy()
    present = (history > 0)[..., np.newaxis]
    liked = (model.item_ids.table.numpy()[history] * present).sum(1)
    pooled = liked / np.sqrt(1 + present.sum(1))
    expected = (
        model.average.numpy()
        + dense(model.history_tower.projection)(pooled)
        + model.user_ids.table.numpy()[encoded["user_id"].numpy()[:, 0]]
        + dense(last)(dense(second)(dense(first)(features)))
    )
    np.testing.assert_allclose(model.embed_query(encoded), unit(expected), atol=1e-5)


def test_the_loss_is_the_softmax_of_the_cosines() -> None:
    spec = make_spec()
    model, batch = make(spec, temperature=0.5), retrieval_batch(spec)
    query, positive, negative = (
        np.asarray(rows, np.float64)
        for rows in (
            model.embed_query(batch["query"]),
            model.embed_candidate(batch["positive"]),
            model.embed_candidate(batch["negative"]),
        )
    )
    true = (query * positive).sum(1) / 0.5
    logits = query @ negative.T / 0.5 - batch["correction"].numpy()
    losses = logsumexp(np.column_stack([true, logits]), axis=1) - true
    expected = np.mean(batch["weight"].numpy() * losses)
    np.testing.assert_allclose(model.compute_loss(batch), expected, rtol=1e-5)


@pytest.mark.parametrize("weighted", [True, False])
def test_in_batch_negatives_equal_tfrs_divided_by_the_batch(weighted: bool) -> None:
    spec, size = make_spec(), 8
    model, batch = make(spec, temperature=0.3), retrieval_batch(spec, size)
    rows = tf.constant([2, 3, 4, 2, 5, 6, 3, 7])  # two items are positives twice
    batch["positive"]["item_id"] = rows[:, tf.newaxis]
    batch |= {
        "negative": batch["positive"],
        "positive_rows": rows,
        "negative_rows": rows,
        "correction": tf.zeros([size]),
        "weight": batch["weight"] if weighted else tf.ones([size]),
    }
    task = tfrs.tasks.Retrieval(temperature=0.3, remove_accidental_hits=True)
    expected = task(
        model.embed_query(batch["query"]),
        model.embed_candidate(batch["positive"]),
        sample_weight=batch["weight"],
        candidate_ids=rows,
    )
    np.testing.assert_allclose(model.compute_loss(batch), expected / size, rtol=1e-5)


def test_an_accidental_hit_counts_for_nothing() -> None:
    spec = make_spec()
    model, batch = make(spec), retrieval_batch(spec, rows=1)
    hit = batch | {"negative_rows": tf.constant([100, 101, 102, 103, 2])}
    without = batch | {
        "negative": {name: column[:4] for name, column in batch["negative"].items()},
        "negative_rows": batch["negative_rows"][:4],
        "correction": batch["correction"][:4],
    }
    np.testing.assert_allclose(model.compute_loss(hit), model.compute_loss(without), rtol=1e-6)
    assert model.compute_loss(hit) < model.compute_loss(batch)


def test_ids_are_dropped_only_while_training(spec: FeatureSpec) -> None:
    shares = {"history_dropout": 0.5, "user_dropout": 0.5, "item_dropout": 0.5}
    model, batch = make(spec, **shares), retrieval_batch(spec)
    others = [batch | {"seed": tf.constant([0, seed * 8])} for seed in range(5)]
    assert len({float(model.compute_loss(b)) for b in others}) == 1
    if spec.history_length or model.user_ids is not None:
        assert len({float(model.compute_loss(b, training=True)) for b in others}) > 1


def test_without_dropout_training_changes_nothing(spec: FeatureSpec) -> None:
    model, batch = make(spec, **NO_DROPOUT), retrieval_batch(spec)
    assert model.compute_loss(batch) == model.compute_loss(batch, training=True)


def test_ids_are_dropped_where_their_setting_says() -> None:
    shares = {"history_dropout": 0.99, "user_dropout": 0.99, "item_dropout": 0.99}
    model, batch = make(make_spec(), **shares), retrieval_batch(make_spec(), rows=40)
    dropped = model._drop_ids(batch)
    assert (dropped["query"]["history"] == 0).numpy().mean() > 0.9
    for side, name in (("query", "user_id"), ("positive", "item_id")):
        assert (dropped[side][name] == 1).numpy().mean() > 0.9
    np.testing.assert_array_equal(dropped["query"]["hour"], batch["query"]["hour"])


def test_candidates_without_content_keep_their_ids() -> None:
    spec = make_spec((feature("user_id", "user"), feature("item_id", "item", num_ids=ITEMS)), ())
    model, batch = make(spec, item_dropout=0.99), retrieval_batch(spec)
    kept = model._drop_ids(batch)["positive"]["item_id"]
    np.testing.assert_array_equal(kept, batch["positive"]["item_id"])


@pytest.mark.parametrize("pooling", ["mean", "recency"])
def test_the_gradient_reaches_every_variable(spec: FeatureSpec, pooling: str) -> None:
    model, batch = make(spec, history_pooling=pooling, **NO_DROPOUT), retrieval_batch(spec)
    with tf.GradientTape() as tape:
        loss = model.compute_loss(batch, training=True)
    gradients = tape.gradient(loss, model.trainable_variables)
    for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
        assert gradient is not None, variable.name
        assert np.any(tf.convert_to_tensor(gradient).numpy()), variable.name


def test_one_row_is_a_batch(spec: FeatureSpec) -> None:
    model, encoded = make(spec), random_rows(spec, 3)
    one = {name: column[1:2] for name, column in encoded.items()}
    for embed in (model.embed_query, model.embed_candidate):
        np.testing.assert_allclose(embed(one), embed(encoded)[1:2], rtol=1e-5)


def test_the_seed_decides_every_weight() -> None:
    first, same, other = (
        TwoTower(make_spec(), RetrievalConfig(embedding_dim=4), seed) for seed in (1, 1, 2)
    )
    for model in (first, same, other):
        model.build_from(random_rows(make_spec(), 1))
    for a, b, c in zip(first.variables, same.variables, other.variables, strict=True):
        np.testing.assert_array_equal(a, b)
        fixed = "projection" in a.name or "log_weights" in a.name or a.shape.rank == 0
        assert fixed or (a != c).numpy().all(), a.name


def test_the_largest_seed_is_accepted() -> None:
    model = TwoTower(make_spec(), RetrievalConfig(candidate_hidden_units=(3,)), seed=2**31 - 1)
    model.build_from(random_rows(make_spec(), 1))


def test_a_saved_model_answers_alike(spec: FeatureSpec, tmp_path: Path) -> None:
    model, encoded = make(spec), random_rows(spec, 7)
    specs = {n: tf.TensorSpec([None, *c.shape[1:]], c.dtype) for n, c in encoded.items()}
    module = tf.Module()
    module.query = tf.function(model.embed_query, input_signature=[specs])
    module.candidate = tf.function(model.embed_candidate, input_signature=[specs])
    module.weights = list(model.variables)
    tf.saved_model.save(module, str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path))
    np.testing.assert_allclose(loaded.query(encoded), model.embed_query(encoded), rtol=1e-5)
    expected = model.embed_candidate(encoded)
    np.testing.assert_allclose(loaded.candidate(encoded), expected, rtol=1e-5)


def test_a_stage_that_knows_nothing_of_a_query_is_refused() -> None:
    unseen = tuple(
        feature(f.name, f.table, stages=("ranking",)) if f.table != "item" else f for f in FEATURES
    )
    with pytest.raises(ConfigError, match="max_length"):
        TwoTower(make_spec(unseen, history_length=0), RetrievalConfig(), seed=0)


def test_a_stage_without_item_ids_is_refused() -> None:
    unseen = feature("item_id", "item", stages=("ranking",))
    with pytest.raises(ConfigError, match="`item_id`"):
        TwoTower(make_spec((feature("user_id", "user"), unseen)), RetrievalConfig(), seed=0)
