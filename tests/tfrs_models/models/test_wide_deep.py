"""What the ranking model computes, by hand and for every shape of its inputs."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import logsumexp
from support.models import (
    LIST,
    LISTS,
    PAIR_FEATURES,
    bag,
    dense,
    ranking_batch,
    ranking_inputs,
    ranking_rows,
)
from support.specs import FEATURES, make_spec, shake

from configs import plugins
from configs.ranking import RankingConfig
from tfrs_models.backend import tf
from tfrs_models.features.spec import FeatureSpec
from tfrs_models.layers.embedding import is_table
from tfrs_models.models.wide_deep import RankingInputs, WideDeep, is_wide
from trainers.optimizers.build import ranking_optimizer

SPEC = make_spec()
INPUTS = ranking_inputs(SPEC)
IDS, NUMBERS = (tuple(f for f in FEATURES if f.output.kind == kind) for kind in ("ids", "dense"))
SHAPES: Mapping[str, RankingInputs] = {
    "everything": INPUTS,
    "no pairs": replace(INPUTS, pairs=0),
    "no history": replace(INPUTS, num_history_ids=0),
    "no query features": replace(INPUTS, query=(), crosses=()),
    "no candidate features": replace(INPUTS, candidate=(), crosses=()),
    "no crosses": replace(INPUTS, crosses=()),
    "crosses and pairs": replace(INPUTS, query=(), candidate=(), num_history_ids=0),
    "numbers only": replace(
        INPUTS,
        query=tuple(f for f in INPUTS.query if f in NUMBERS),
        candidate=tuple(f for f in INPUTS.candidate if f in NUMBERS),
        crosses=(),
        num_history_ids=0,
    ),
    "pairs only": RankingInputs((), (), (), 0, PAIR_FEATURES),
}
INTERACTIONS, SHARINGS = plugins.names("interaction"), plugins.names("sharing")
# In an order that is not that of the alphabet.
TASKS: dict[str, Any] = {
    "stars": {"label": {"type": "value"}, "objective": {"type": "squared"}},
    "click": {},
    "buy": {"objective": {"type": "softmax"}},
}


def untrained(inputs: RankingInputs = INPUTS, seed: int = 0, **options: Any) -> WideDeep:
    options = {"hidden_units": (6, 5), "embedding_dim": 3} | options
    model = WideDeep(inputs, RankingConfig.model_validate(options), seed)
    model.build_from(*ranking_rows(SPEC, 1))
    return model


def make(inputs: RankingInputs = INPUTS, **options: Any) -> WideDeep:
    """A model with weights away from their start."""
    model = untrained(inputs, **options)
    shake(model)
    return model


@pytest.fixture(params=SHAPES.values(), ids=SHAPES)
def inputs(request: pytest.FixtureRequest) -> RankingInputs:
    found: RankingInputs = request.param
    return found


@pytest.mark.parametrize("sharing", SHARINGS)
@pytest.mark.parametrize("interaction", INTERACTIONS)
def test_an_untrained_model_ranks_as_the_retrieval_does(interaction: str, sharing: str) -> None:
    model = untrained(interaction={"type": interaction}, sharing={"type": sharing}, tasks=TASKS)
    model.scaling.assign([[2.0, 3.0], [-1.5, 1.0], [0.0, 1.0]])
    query, candidates = ranking_rows(SPEC)
    standard = candidates["pairs"][:, 0]
    logits = model.logits(query, candidates)
    # A number is no order: it starts at its mean, 2 deviations of 3.
    np.testing.assert_array_equal(logits["stars"], tf.fill([LISTS * LIST], 2.0))
    np.testing.assert_allclose(logits["click"], standard - 1.5, rtol=1e-6)
    np.testing.assert_array_equal(logits["buy"], standard)
    np.testing.assert_array_equal(model.predictions(logits)["stars"], tf.fill([LISTS * LIST], 6.0))


def test_an_untrained_model_of_every_shape_ranks_as_the_retrieval_does(inputs) -> None:
    query, candidates = ranking_rows(SPEC)
    found = untrained(inputs).logits(query, candidates)["positive"]
    expected = candidates["pairs"][:, 0] if inputs.pairs else tf.zeros([LISTS * LIST])
    np.testing.assert_array_equal(found, expected)


def test_the_logit_is_the_sum_of_its_parts() -> None:
    model, (query, candidates) = make(), ranking_rows(SPEC)
    model.scaling.assign([[0.7, 1.0]])
    model.center.assign([0, 1, 0, 0, 0.5])
    model.spread.assign([1, 2, 0.2, 1, 1])
    each = {name: tf.repeat(column, LIST, axis=0) for name, column in query.items()} | candidates
    pairs = candidates["pairs"].numpy().astype(np.float64) - model.center.numpy()
    pairs = (pairs / model.spread.numpy()).clip(-4, 4)
    assert (abs(pairs) == 4).any()
    wide, deep = model.wide, model.deep
    total = 0.7 + pairs @ wide.pairs.kernel.numpy() + model.prior.numpy() * pairs[:, :1]
    for terms in (wide.query, wide.candidate):
        for name in terms.weights_of_ids.widths:
            total += bag(terms.weights_of_ids.rows_of(name), each[name])
    total += each["age"] @ wide.query.linear.kernel.numpy()
    total += each["price"] @ wide.candidate.linear.kernel.numpy()
    stacks = (deep.query.embeddings, deep.candidate.embeddings)
    ids = {name: bag(s.rows_of(name), each[name]) for s in stacks for name in s.widths}
    taste = bag(deep.history.table, each["history"])
    item = deep.history.table.numpy()[each["item_id"].numpy()[:, 0]]
    # Of each side the embeddings of ids, those of one id first, and then the dense values.
    parts = [ids["user_id"], ids["hour"], each["age"], ids["item_id"], ids["genres"]]
    hidden = np.column_stack([*parts, each["price"], taste, taste * item, pairs])
    for layer in deep.sharing.bottom.hidden:
        hidden = np.maximum(dense(layer)(hidden), 0)
    total += dense(deep.last[0])(hidden)
    found = model.logits(query, candidates)["positive"]
    np.testing.assert_allclose(found, total[:, 0], rtol=1e-4, atol=1e-4)


def test_the_loss_is_the_cross_entropy_of_each_pair() -> None:
    model, batch = make(), ranking_batch(SPEC)
    logits = model.logits(batch["query"], batch["candidates"])["positive"]
    signs = np.tile([-1, 1, 1, 1], LISTS)
    expected = np.logaddexp(0, signs * logits).mean()
    np.testing.assert_allclose(model.compute_loss(batch), expected, rtol=1e-5)


def test_a_softmax_is_over_each_list() -> None:
    model = make(tasks={"positive": {"objective": {"type": "softmax"}}})
    batch = ranking_batch(SPEC)
    logits = model.logits(batch["query"], batch["candidates"])["positive"]
    lists = logits.numpy().astype(np.float64).reshape(LISTS, LIST)
    expected = np.mean(logsumexp(lists, axis=1) - lists[:, 0])
    np.testing.assert_allclose(model.compute_loss(batch), expected, rtol=1e-5)


def test_the_losses_of_the_tasks_are_summed_by_their_weights() -> None:
    batch = ranking_batch(SPEC, tasks=2)
    only = tf.constant([[[1.0, np.nan]]]), tf.constant([[[np.nan, 1.0]]])
    tasks = {"zeta": {"weight": 0.5}, "alpha": {"weight": 3.0}}
    model = make(tasks=tasks)
    parts = [model.compute_loss(batch | {"labels": mask * batch["labels"]}) for mask in only]
    np.testing.assert_allclose(model.compute_loss(batch), sum(parts), rtol=1e-5)
    doubled = make(tasks={"zeta": {"weight": 1.0}, "alpha": {"weight": 3.0}})
    twice = doubled.compute_loss(batch | {"labels": only[0] * batch["labels"]})
    np.testing.assert_allclose(twice, 2 * parts[0], rtol=1e-5)


def test_tasks_keep_their_order() -> None:
    model, batch = make(tasks=TASKS), ranking_batch(SPEC, tasks=3)
    logits = model.logits(batch["query"], batch["candidates"])
    assert list(logits) == list(model.predictions(logits)) == ["stars", "click", "buy"]


def test_without_a_label_there_is_no_loss_and_no_gradient() -> None:
    model, batch = make(tasks=TASKS), ranking_batch(SPEC, tasks=3)
    batch["labels"] = tf.fill([LISTS, LIST, 3], np.nan)
    with tf.GradientTape() as tape:
        loss = model.compute_loss(batch)
    assert loss == 0
    for gradient in tape.gradient(loss, model.trainable_variables):
        assert not np.any(tf.convert_to_tensor(gradient).numpy())


def test_the_gradient_reaches_every_variable(inputs: RankingInputs) -> None:
    model, batch = make(inputs), ranking_batch(SPEC, lists=20)
    with tf.GradientTape() as tape:
        loss = model.compute_loss(batch)
    gradients = tape.gradient(loss, model.trainable_variables)
    for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
        assert gradient is not None, variable.name
        assert np.any(tf.convert_to_tensor(gradient).numpy()), variable.name


@pytest.mark.parametrize("compiled", [False, True])
def test_gradients_of_tables_are_row_sparse(compiled: bool) -> None:
    model, batch = make(interaction={"type": "fm"}, tasks=TASKS), ranking_batch(SPEC, tasks=3)
    tables = [v for v in model.trainable_variables if is_table(v)]

    def gradients(batch: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = model.compute_loss(batch, training=True)
        found = tape.gradient(loss, tables)
        assert all(isinstance(one, tf.IndexedSlices) for one in found)
        return tf.constant(len(found))

    run = tf.function(gradients, autograph=False) if compiled else gradients
    # Wide weights and embeddings of requests and of candidates, and embeddings of the history.
    assert run(batch) == 2 + 2 + 1


def test_units_are_dropped_only_while_training() -> None:
    model, batch = make(dropout=0.5), ranking_batch(SPEC)
    others = [batch | {"seed": tf.constant([0, seed])} for seed in (0, 1_000, 2_000)]
    assert len({float(model.compute_loss(b)) for b in others}) == 1
    assert len({float(model.compute_loss(b, training=True)) for b in others}) == 3


def test_the_same_seed_drops_the_same_units() -> None:
    model, batch = make(dropout=0.5, sharing={"type": "ple"}), ranking_batch(SPEC)
    assert model.compute_loss(batch, training=True) == model.compute_loss(batch, training=True)


@pytest.mark.parametrize(("seed", "same"), [(0, True), (1, False)])
def test_the_seed_decides_the_weights(seed: int, same: bool) -> None:
    options: dict[str, Any] = {"sharing": {"type": "mmoe"}, "interaction": {"type": "cross"}}
    first, second = (untrained(seed=s, **options).get_weights() for s in (0, seed))
    equal = [np.array_equal(a, b) for a, b in zip(first, second, strict=True)]
    assert all(equal) is same


def test_the_wide_part_is_known_by_its_names(inputs: RankingInputs) -> None:
    model = untrained(inputs)
    wide = {v.ref() for v in model.wide.variables}
    assert {v.ref() for v in model.variables if is_wide(v)} == wide
    names = [v.name for v in model.wide.variables]
    assert len(set(names)) == len(names)


def test_the_wide_part_is_known_by_its_names_when_fit_builds_it() -> None:
    model = WideDeep(INPUTS, RankingConfig(), seed=0)
    model.compile(optimizer=ranking_optimizer(RankingConfig(), 100))
    tf.function(model.train_step, autograph=False)(ranking_batch(SPEC))
    wide = {v.ref() for v in model.wide.variables}
    assert {v.ref() for v in model.variables if is_wide(v)} == wide


@pytest.mark.parametrize("l1", [0.0, 0.05])
def test_l1_makes_wide_weights_exactly_0(l1: float) -> None:
    model, batch = untrained(), ranking_batch(SPEC, lists=20)
    model.compile(optimizer=ranking_optimizer(RankingConfig(ftrl_l1=l1), 100))
    for _ in range(5):
        model.train_step(batch)
    seen = np.unique(batch["candidates"]["item_id"])
    weights = model.wide.candidate.weights_of_ids.rows_of("item_id").numpy()[seen, 0]
    zeros = (weights == 0).sum() - (0 in seen)  # padding has no weight to begin with
    assert (0 < zeros < len(seen) - 1) if l1 else zeros == 0


def test_a_request_alone_is_answered_as_in_a_batch(spec: FeatureSpec) -> None:
    model = WideDeep(ranking_inputs(spec), RankingConfig(), seed=0)
    query, candidates = ranking_rows(spec, 3)
    model.build_from(query, candidates)
    shake(model)
    one = {name: column[1:2] for name, column in query.items()}
    four = {name: column[LIST : 2 * LIST] for name, column in candidates.items()}
    together = model.logits(query, candidates)["positive"][LIST : 2 * LIST]
    np.testing.assert_allclose(model.logits(one, four)["positive"], together, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("sharing", SHARINGS)
@pytest.mark.parametrize("interaction", INTERACTIONS)
def test_restored_weights_answer_alike(interaction: str, sharing: str, tmp_path: Path) -> None:
    options = {"interaction": {"type": interaction}, "sharing": {"type": sharing}, "tasks": TASKS}
    model, other = make(**options), untrained(seed=9, **options)
    rows = ranking_rows(SPEC)
    path = tf.train.Checkpoint(model=model).write(str(tmp_path / "weights"))
    tf.train.Checkpoint(model=other).read(path).assert_existing_objects_matched()
    found, expected = other.logits(*rows), model.logits(*rows)
    for name in TASKS:
        np.testing.assert_array_equal(found[name], expected[name])


def test_a_saved_model_answers_alike(spec: FeatureSpec, tmp_path: Path) -> None:
    config = RankingConfig.model_validate({"tasks": TASKS, "sharing": {"type": "ple"}})
    model, rows = WideDeep(ranking_inputs(spec), config, seed=0), ranking_rows(spec)
    model.build_from(*rows)
    shake(model)
    specs = tf.nest.map_structure(lambda c: tf.TensorSpec([None, *c.shape[1:]], c.dtype), rows)
    module = tf.Module()
    module.logits = tf.function(model.logits, input_signature=list(specs), autograph=False)
    module.weights = list(model.variables)
    tf.saved_model.save(module, str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path))
    found, expected = loaded.logits(*rows), model.logits(*rows)
    for name in TASKS:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-5, atol=1e-6)
