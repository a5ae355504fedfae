from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import logsumexp
from support.models import bag, dense, retrieval_batch
from support.specs import FEATURES, ITEMS, constant_rows, feature, make_spec, random_rows, shake

from configs.errors import ConfigError
from configs.retrieval import RetrievalConfig
from tfrs_models.backend import tf
from tfrs_models.features.spec import FeatureSpec
from tfrs_models.models.two_tower import PRIOR_SCALE, TwoTower

DIM = 4
NO_DROPOUT = {"history_dropout": 0.0, "user_dropout": 0.0, "item_dropout": 0.0}
ENCODERS: list[dict[str, Any]] = [
    {"type": "mean"},
    {"type": "recency"},
    {"type": "attention"},
    {"type": "multi_interest", "options": {"interests": 2}},
    {"type": "transformer", "options": {"dropout": 0.0, "input_dropout": 0.0}},
]


@pytest.fixture(params=ENCODERS, ids=lambda encoder: str(encoder["type"]))
def history(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = request.param
    return found


def make(spec: FeatureSpec, seed: int = 0, **options: Any) -> TwoTower:
    """A model with weights away from their start."""
    model = TwoTower(spec, RetrievalConfig.model_validate({"embedding_dim": DIM} | options), seed)
    model.build_from(random_rows(spec, 1))
    shake(model)
    return model


def unit(rows: Any) -> Any:
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def test_a_candidate_is_a_unit_direction_and_a_prior(spec: FeatureSpec) -> None:
    found = make(spec).embed_candidate(random_rows(spec, 20))
    assert found.shape == (20, DIM + 1)
    np.testing.assert_allclose(np.linalg.norm(found[:, :DIM], axis=1), 1.0, rtol=1e-5)


def test_a_query_is_a_unit_direction_and_a_1(spec: FeatureSpec, history: Any) -> None:
    model = make(spec, history=history)
    found = model.embed_query(random_rows(spec, 20)).numpy()
    shape = (20, model.interests, DIM + 1) if model.interests > 1 else (20, DIM + 1)
    assert found.shape == shape
    np.testing.assert_allclose(np.linalg.norm(found[..., :DIM], axis=-1), 1.0, rtol=1e-5)
    assert (found[..., DIM] == 1).all()


@pytest.mark.parametrize("value", [0, 1], ids=["missing", "unknown"])
def test_a_row_of_nothing_known_has_a_direction(spec: FeatureSpec, value: int) -> None:
    model = TwoTower(spec, RetrievalConfig(embedding_dim=DIM), seed=0)
    encoded = constant_rows(spec, 1, value)
    for embedding in (model.embed_query(encoded), model.embed_candidate(encoded)):
        np.testing.assert_allclose(np.linalg.norm(embedding[:, :DIM], axis=1), 1.0, rtol=1e-5)


def test_a_query_of_nothing_known_is_the_average_query(history: Any) -> None:
    spec = make_spec(FEATURES[:1] + FEATURES[2:5], ())
    model = make(spec, history=history)
    model.user_ids.table.assign(0 * model.user_ids.table)
    found = model.embed_query(constant_rows(spec, 1, 0)).numpy().reshape(-1, DIM + 1)
    expected = unit(model.average.numpy())
    for interest in found:
        np.testing.assert_allclose(interest[:DIM], expected, rtol=1e-5)


def test_the_candidate_is_the_sum_of_id_and_content() -> None:
    spec = make_spec()
    model, encoded = make(spec, candidate_hidden_units=(5,)), random_rows(spec, 20)
    embeddings, hidden, last = model.content.layers
    genres = bag(embeddings.embeddings["genres"].table, encoded["genres"])
    content = dense(last)(dense(hidden)(np.column_stack([genres, encoded["price"]])))
    ids = encoded["item_id"].numpy()[:, 0]
    direction = unit(model.item_ids.table.numpy()[ids] + content[:, :DIM])
    prior = model.item_priors.table.numpy()[ids] + content[:, DIM:]
    found = model.embed_candidate(encoded)
    np.testing.assert_allclose(found[:, :DIM], direction, atol=1e-5)
    scaled = RetrievalConfig().temperature * PRIOR_SCALE * prior
    np.testing.assert_allclose(found[:, DIM:], scaled, rtol=1e-4, atol=1e-5)


def query_by_hand(model: TwoTower, encoded: Any) -> Any:
    """Queries of the mean encoder in float64: [B, D]."""
    embeddings, first, second, last = model.query_features.layers
    hour = bag(embeddings.embeddings["hour"].table, encoded["hour"])
    features = np.column_stack([encoded["age"], hour])
    history = encoded["history"].numpy()
    present = (history > 0)[..., np.newaxis]
    liked = (model.item_ids.table.numpy()[history] * present).sum(1)
    pooled = liked / np.sqrt(1 + present.sum(1))
    return unit(
        model.average.numpy()
        + dense(model.history_encoder.projection)(pooled)
        + model.user_ids.table.numpy()[encoded["user_id"].numpy()[:, 0]]
        + dense(last)(dense(second)(dense(first)(features)))
    )


def test_the_query_is_the_sum_of_its_parts() -> None:
    spec = make_spec()
    model, encoded = make(spec, query_hidden_units=(5, 3)), random_rows(spec, 20)
    found = model.embed_query(encoded)
    np.testing.assert_allclose(found[:, :DIM], query_by_hand(model, encoded), atol=1e-5)


def loss_by_hand(model: TwoTower, batch: Any, queries: Any) -> float:
    """The softmax of one query for each target, [T, D + 1], in float64."""
    candidates = model.embed_candidate(batch["candidates"]).numpy().astype(np.float64)
    temperature = float(model.temperature)
    true = (queries * candidates[batch["positive"]]).sum(1) / temperature
    logits = queries @ candidates[batch["negative"]].T / temperature
    logits += np.log(batch["count"].numpy()) - batch["log_expected"].numpy()
    logits[~batch["usable"].numpy()[batch["window"]]] = -np.inf
    losses = logsumexp(np.column_stack([true, logits]), axis=1) - true
    return float(np.mean(batch["weight"].numpy() * losses))


def test_the_loss_asks_each_target_with_the_query_of_its_window(spec: FeatureSpec) -> None:
    """Through `embed_query`, which is what a server asks with."""
    model, batch = make(spec, temperature=0.5), retrieval_batch(spec)
    rows = {name: tf.gather(c, batch["window"]) for name, c in batch["query"].items()}
    queries = model.embed_query(rows | batch["context"]).numpy().astype(np.float64)
    expected = loss_by_hand(model, batch, queries)
    np.testing.assert_allclose(model.compute_loss(batch), expected, rtol=1e-5)


def test_a_causal_loss_asks_each_target_with_what_came_before_it(spec: FeatureSpec) -> None:
    if not spec.history.length:
        pytest.skip("no history")
    options = {"type": "transformer", "options": {"dropout": 0.0, "input_dropout": 0.0}}
    model, batch = make(spec, history=options), retrieval_batch(spec)
    ids = tf.maximum(batch["query"]["history"], 2)  # a causal history has no holes
    batch["query"]["history"] = ids
    rows = {name: tf.gather(c, batch["window"]) for name, c in batch["query"].items()}
    visible = tf.cast(tf.range(spec.history.length) < batch["visible"][:, tf.newaxis], tf.int32)
    for name in spec.history.names():
        rows[name] *= visible
    queries = model.embed_query(rows | batch["context"]).numpy().astype(np.float64)
    expected = loss_by_hand(model, batch, queries)
    np.testing.assert_allclose(model.compute_loss(batch), expected, rtol=1e-4)


def test_a_target_is_asked_for_by_its_nearest_interest(spec: FeatureSpec) -> None:
    if not spec.history.length:
        pytest.skip("no history")
    options = {"type": "multi_interest", "options": {"interests": 3}}
    model, batch = make(spec, history=options), retrieval_batch(spec)
    rows = {name: tf.gather(c, batch["window"]) for name, c in batch["query"].items()}
    interests = model.embed_query(rows | batch["context"]).numpy().astype(np.float64)
    candidates = model.embed_candidate(batch["candidates"]).numpy()[batch["positive"]]
    nearest = np.einsum("thd,td->th", interests, candidates).argmax(1)
    queries = interests[np.arange(len(nearest)), nearest]
    expected = loss_by_hand(model, batch, queries)
    np.testing.assert_allclose(model.compute_loss(batch), expected, rtol=1e-4)


def test_an_unusable_negative_counts_for_nothing(spec: FeatureSpec) -> None:
    model, batch = make(spec), retrieval_batch(spec)
    own = tf.constant([False, True, False])
    alone = {**batch, "usable": tf.broadcast_to(own[:, tf.newaxis], [3, 5])}
    moved = dict(alone["candidates"])
    moved["item_id"] = tf.tensor_scatter_nd_update(moved["item_id"], [[7, 0]], [9])
    # Only the second window may use negatives; for it, all of them.
    assert model.compute_loss({**alone, "candidates": moved}) != model.compute_loss(alone)
    none = {**batch, "usable": tf.zeros([3, 5], tf.bool)}
    same = model.compute_loss({**none, "candidates": moved})
    np.testing.assert_allclose(same, model.compute_loss(none), rtol=1e-6)


def test_the_temperature_is_learned_where_it_says_so() -> None:
    for learned in (True, False):
        model = make(make_spec(), temperature=0.3, learned_temperature=learned)
        names = [v.name for v in model.trainable_variables]
        assert ("log_temperature:0" in names) is learned
        np.testing.assert_allclose(model.temperature, 0.3, rtol=1e-6)


def test_ids_are_dropped_only_while_training(spec: FeatureSpec) -> None:
    shares = {"history_dropout": 0.5, "user_dropout": 0.5, "item_dropout": 0.5}
    model, batch = make(spec, **shares), retrieval_batch(spec)
    others = [batch | {"seed": tf.constant([0, seed * 64])} for seed in range(5)]
    assert len({float(model.compute_loss(b)) for b in others}) == 1
    assert len({float(model.compute_loss(b, training=True)) for b in others}) > 1


def test_without_dropout_training_changes_nothing(spec: FeatureSpec, history: Any) -> None:
    model, batch = make(spec, history=history, **NO_DROPOUT), retrieval_batch(spec)
    assert model.compute_loss(batch) == model.compute_loss(batch, training=True)


def test_ids_are_dropped_where_their_setting_says() -> None:
    shares = {"history_dropout": 0.99, "user_dropout": 0.99, "item_dropout": 0.99}
    model, batch = make(make_spec(), **shares), retrieval_batch(make_spec())
    query, candidates = model._drop_ids(batch)
    assert (query["history"] == 0).numpy().mean() > 0.8
    assert (query["user_id"] == 1).numpy().all()
    assert (candidates["item_id"] == 1).numpy().mean() > 0.8
    np.testing.assert_array_equal(candidates["genres"], batch["candidates"]["genres"])


def test_candidates_without_content_keep_their_ids() -> None:
    spec = make_spec((feature("user_id", "user"), feature("item_id", "item", num_ids=ITEMS)), ())
    model, batch = make(spec, item_dropout=0.99), retrieval_batch(spec)
    _, kept = model._drop_ids(batch)
    np.testing.assert_array_equal(kept["item_id"], batch["candidates"]["item_id"])


def test_the_gradient_reaches_every_variable(spec: FeatureSpec, history: Any) -> None:
    model = make(spec, history=history, learned_temperature=True, **NO_DROPOUT)
    batch = retrieval_batch(spec, seed=3)
    with tf.GradientTape() as tape:
        loss = model.compute_loss(batch, training=True)
    gradients = tape.gradient(loss, model.trainable_variables)
    for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
        assert gradient is not None, variable.name
        assert np.any(tf.convert_to_tensor(gradient).numpy()), variable.name


def test_the_gradients_of_tables_are_row_sparse(spec: FeatureSpec, history: Any) -> None:
    model, batch = make(spec, history=history), retrieval_batch(spec)
    with tf.GradientTape() as tape:
        loss = model.compute_loss(batch, training=True)
    tables = [model.item_ids.table, model.item_priors.table]
    assert all(isinstance(g, tf.IndexedSlices) for g in tape.gradient(loss, tables))


def test_one_row_is_a_batch(spec: FeatureSpec, history: Any) -> None:
    model, encoded = make(spec, history=history), random_rows(spec, 3)
    one = {name: column[1:2] for name, column in encoded.items()}
    for embed in (model.embed_query, model.embed_candidate):
        np.testing.assert_allclose(embed(one), embed(encoded)[1:2], rtol=1e-4, atol=1e-5)


def test_the_seed_decides_every_weight() -> None:
    first, same, other = (
        TwoTower(make_spec(), RetrievalConfig(embedding_dim=DIM), seed) for seed in (1, 1, 2)
    )
    for model in (first, same, other):
        model.build_from(random_rows(make_spec(), 1))
    fixed = ("projection", "log_temperature", "item_prior")
    for a, b, c in zip(first.variables, same.variables, other.variables, strict=True):
        np.testing.assert_array_equal(a, b)
        constant = a.shape.rank == 0 or any(name in a.name for name in fixed)
        assert constant or (a != c).numpy().all(), a.name


def test_the_largest_seed_is_accepted() -> None:
    model = TwoTower(make_spec(), RetrievalConfig(candidate_hidden_units=(3,)), seed=2**31 - 1)
    model.build_from(random_rows(make_spec(), 1))


def test_a_saved_model_answers_alike(spec: FeatureSpec, history: Any, tmp_path: Path) -> None:
    model, encoded = make(spec, history=history), random_rows(spec, 7)
    specs = {n: tf.TensorSpec([None, *c.shape[1:]], c.dtype) for n, c in encoded.items()}
    module = tf.Module()
    module.query = tf.function(model.embed_query, input_signature=[specs])
    module.candidate = tf.function(model.embed_candidate, input_signature=[specs])
    module.weights = list(model.variables)
    tf.saved_model.save(module, str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path))
    expected = model.embed_query(encoded)
    np.testing.assert_allclose(loaded.query(encoded), expected, rtol=1e-4, atol=1e-6)
    expected = model.embed_candidate(encoded)
    np.testing.assert_allclose(loaded.candidate(encoded), expected, rtol=1e-5)


def test_in_bfloat16_logits_and_loss_are_float32_and_near(history: Any) -> None:
    spec = make_spec()
    hidden = {"query_hidden_units": (8,), "candidate_hidden_units": (8,)}
    exact = make(spec, history=history, **hidden, **NO_DROPOUT)
    rounded = make(
        spec, history=history, training={"precision": "bfloat16"}, **hidden, **NO_DROPOUT
    )
    batch = retrieval_batch(spec)
    loss = rounded.compute_loss(batch, training=True)
    assert loss.dtype == tf.float32
    assert {v.dtype for v in rounded.trainable_variables} == {tf.float32}
    np.testing.assert_allclose(loss, exact.compute_loss(batch, training=True), rtol=0.1)


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
