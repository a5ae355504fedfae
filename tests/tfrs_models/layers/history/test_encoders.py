"""What every encoder of histories must do."""

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from configs import plugins
from tfrs_models.backend import tf
from tfrs_models.layers.history._encoder import HistoryEncoder
from tfrs_models.layers.history._history import History, HistoryShape

LENGTH, DIM, ITEMS = 5, 4, 20
SHAPE = HistoryShape(LENGTH, DIM, num_types=5, num_gaps=6)
TABLE = tf.constant(np.random.default_rng(0).normal(0, 1, (ITEMS, DIM)), tf.float32)
IDS = tf.constant([[3, 4, 5, 6, 7], [8, 0, 0, 0, 0], [0, 0, 0, 0, 0], [9, 10, 11, 0, 0]])
SEED = tf.constant([5, 6])


@pytest.fixture(params=plugins.names("history"))
def plugin(request: pytest.FixtureRequest) -> ModuleType:
    return plugins.load("history", request.param)


def history(ids: Any = IDS, shift: int = 0) -> History:
    """Histories with a type and a gap for each item."""
    present = tf.cast(ids != 0, tf.int32)
    types, gaps = present * ((ids + shift) % 4 + 1), present * ((ids + shift) % 5 + 1)
    return History(lambda rows: tf.gather(TABLE, rows), ids, types, gaps)


def make(plugin: ModuleType, shape: HistoryShape = SHAPE, seed: int = 1) -> HistoryEncoder:
    """An encoder with weights away from their start."""
    encoder: HistoryEncoder = plugin.encoder(plugin.Options(), shape, seed)
    encoder(history())
    random = np.random.default_rng(seed)
    for variable in encoder.trainable_variables:
        variable.assign_add(tf.constant(random.normal(0, 0.3, variable.shape), tf.float32))
    return encoder


def test_a_history_becomes_vectors(plugin: ModuleType) -> None:
    encoder = make(plugin)
    encoded = encoder(history())
    assert encoded.shape == (4, encoder.interests, DIM)
    assert encoded.dtype == tf.float32
    assert np.isfinite(encoded).all()


def test_an_empty_history_is_zero(plugin: ModuleType) -> None:
    assert not make(plugin)(history())[2].numpy().any()


def test_a_batch_of_empty_histories_is_zero(plugin: ModuleType) -> None:
    assert not make(plugin)(history(tf.zeros_like(IDS))).numpy().any()


def test_one_history_is_a_batch(plugin: ModuleType) -> None:
    encoder = make(plugin)
    np.testing.assert_allclose(encoder(history(IDS[3:])), encoder(history())[3:], atol=1e-5)


def test_every_item_counts(plugin: ModuleType) -> None:
    encoder = make(plugin)
    whole = encoder(history())[0]
    for place in range(LENGTH):
        other = tf.tensor_scatter_nd_update(IDS, [[0, place]], [15])
        assert not np.allclose(encoder(history(other))[0], whole, atol=1e-4)


def test_what_padding_holds_does_not_matter(plugin: ModuleType) -> None:
    """The embedding of id 0 is drawn like any other, and must never be seen."""
    encoder = make(plugin)
    table = tf.tensor_scatter_nd_add(TABLE, [[0]], [[9.0] * DIM])
    other = history()._replace(embed=lambda rows: tf.gather(table, rows))
    np.testing.assert_allclose(encoder(other), encoder(history()), atol=1e-5)


def test_the_seed_decides_every_weight(plugin: ModuleType) -> None:
    first, same = (plugin.encoder(plugin.Options(), SHAPE, 3) for _ in range(2))
    other = plugin.encoder(plugin.Options(), SHAPE, 4)
    for encoder in (first, same, other):
        encoder(history())
    for one, two in zip(first.variables, same.variables, strict=True):
        np.testing.assert_array_equal(one, two)
    drawn = [
        (a, b) for a, b in zip(first.variables, other.variables, strict=True) if a.shape.rank > 1
    ]
    fixed = ("projection", "distance", "place:", "score")
    assert all(
        (a.numpy() != b.numpy()).all()
        for a, b in drawn
        if not any(name in a.name for name in fixed) and a.numpy().any()
    )


def test_without_types_and_gaps_it_needs_none(plugin: ModuleType) -> None:
    encoder = plugin.encoder(plugin.Options(), HistoryShape(LENGTH, DIM), 1)
    bare = history()._replace(types=None, gaps=None)
    assert np.isfinite(encoder(bare)).all()


def test_the_gradient_reaches_every_variable(plugin: ModuleType) -> None:
    encoder = make(plugin)
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(encoder(history()) * tf.constant([1.0, -2.0, 3.0, 0.5]))
    gradients = tape.gradient(value, encoder.trainable_variables)
    for variable, gradient in zip(encoder.trainable_variables, gradients, strict=True):
        assert gradient is not None, variable.name
        assert np.any(tf.convert_to_tensor(gradient).numpy()), variable.name


def test_a_compiled_encoder_answers_alike(plugin: ModuleType) -> None:
    encoder = make(plugin)
    compiled = tf.function(lambda ids: encoder(history(ids)), autograph=False)
    np.testing.assert_allclose(compiled(IDS), encoder(history()), atol=1e-5)


def test_in_bfloat16_the_answer_stays_near_and_weights_stay_float32(plugin: ModuleType) -> None:
    exact = make(plugin)
    rounded = make(plugin, HistoryShape(LENGTH, DIM, 5, 6, "mixed_bfloat16"))
    assert {v.dtype for v in rounded.variables} == {tf.float32}
    found = rounded(history())
    assert found.dtype == tf.float32
    # 8 bits of mantissa: relative steps of 1/256, some of which add up.
    np.testing.assert_allclose(found, exact(history()), rtol=0.1, atol=0.1)


def test_a_saved_encoder_answers_alike(plugin: ModuleType, tmp_path: Path) -> None:
    encoder = make(plugin)
    module = tf.Module()
    module.weights = list(encoder.variables)
    module.call = tf.function(
        lambda ids: encoder(history(ids)),
        input_signature=[tf.TensorSpec([None, LENGTH], tf.int32)],
        autograph=False,
    )
    tf.saved_model.save(module, str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path))
    np.testing.assert_allclose(loaded.call(IDS), encoder(history()), atol=1e-5)


def test_dropout_needs_a_seed_and_repeats_with_it(plugin: ModuleType) -> None:
    encoder = make(plugin)
    one, same = encoder(history(), SEED), encoder(history(), SEED)
    np.testing.assert_array_equal(one, same)


def test_prefixes_of_a_causal_encoder_are_its_answers_to_shorter_histories(
    plugin: ModuleType,
) -> None:
    encoder = make(plugin)
    if not encoder.causal:
        pytest.skip("reads a history as a whole")
    prefixes = encoder.prefixes(history())
    assert prefixes.shape == (4, LENGTH + 1, DIM)
    for length in range(LENGTH + 1):
        shorter = IDS * tf.cast(tf.range(LENGTH) < length, tf.int32)
        np.testing.assert_allclose(prefixes[0, length], encoder(history(shorter))[0, 0], atol=1e-5)
