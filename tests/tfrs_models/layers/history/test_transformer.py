"""The Transformer against NumPy, and what its masks must hide."""

from typing import Any

import numpy as np
import pytest

from configs.errors import ConfigError
from tfrs_models.backend import tf
from tfrs_models.layers.history import transformer
from tfrs_models.layers.history._history import History, HistoryShape

LENGTH, DIM = 5, 4
SHAPE = HistoryShape(LENGTH, DIM, num_types=3, num_gaps=4)
TABLE = np.random.default_rng(0).normal(0, 1, (9, DIM)).astype(np.float32)
IDS = np.array([[3, 4, 5, 6, 7], [8, 2, 0, 0, 0]])


def history(ids: Any = IDS) -> History:
    ids = np.asarray(ids)
    types, gaps = (np.where(ids, ids % size + 1, 0) for size in (2, 3))
    tensors = [tf.constant(values, tf.int32) for values in (ids, types, gaps)]
    return History(lambda rows: tf.gather(tf.constant(TABLE), rows), *tensors)


def make(**options: Any) -> Any:
    parsed = transformer.Options.model_validate({"dropout": 0.0, "input_dropout": 0.0} | options)
    encoder = transformer.encoder(parsed, SHAPE, 7)
    encoder(history())
    random = np.random.default_rng(1)
    for variable in encoder.trainable_variables:
        variable.assign_add(tf.constant(random.normal(0, 0.4, variable.shape), tf.float32))
    return encoder


def norm(x: Any, layer: Any) -> Any:
    gamma, beta = (w.astype(np.float64) for w in layer.get_weights())
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-6) * gamma + beta


def by_hand(encoder: Any, row: int) -> Any:
    """States of one history, place by place, in float64."""
    given = history()
    ids, types, gaps = (t.numpy()[row] for t in (given.ids, given.types, given.gaps))
    size = int((ids > 0).sum())
    x = TABLE[ids].astype(np.float64) + encoder.places.numpy()
    x = (x + encoder.type.numpy()[types] + encoder.gap.numpy()[gaps])[:size]
    for block in encoder.blocks:
        (inputs,), (outputs,) = block.inputs.get_weights(), block.outputs.get_weights()
        heads, width = block.heads, DIM // block.heads
        query, key, value = np.split(norm(x, block.attention_norm) @ inputs, 3, axis=1)
        merged = np.zeros_like(x)
        for head in range(heads):
            part = slice(head * width, (head + 1) * width)
            for place in range(size):
                logits = query[place, part] @ key[: place + 1, part].T / np.sqrt(width)
                logits += block.distance.numpy()[head][place - np.arange(place + 1)]
                shares = np.exp(logits) / np.exp(logits).sum()
                merged[place, part] = shares @ value[: place + 1, part]
        x = x + merged @ outputs
        expand, contract = block.expand.get_weights(), block.contract.get_weights()
        hidden = np.maximum(norm(x, block.feed_norm) @ expand[0] + expand[1], 0)
        x = x + hidden @ contract[0] + contract[1]
    return x


@pytest.mark.parametrize("heads", [1, 2])
@pytest.mark.parametrize("row", [0, 1])
def test_states_equal_numpy(heads: int, row: int) -> None:
    encoder = make(heads=heads, blocks=2, hidden_factor=2)
    expected = by_hand(encoder, row)
    found = encoder.prefixes(history())[row].numpy()
    assert not found[0].any()
    np.testing.assert_allclose(found[1 : len(expected) + 1], expected, atol=1e-4)
    np.testing.assert_allclose(encoder(history())[row, 0], expected[-1], atol=1e-4)


def test_the_future_is_not_seen() -> None:
    encoder = make()
    later = IDS.copy()
    later[0, 3:] = [2, 8]
    before, after = (encoder.prefixes(history(ids))[0].numpy() for ids in (IDS, later))
    np.testing.assert_allclose(before[:4], after[:4], atol=1e-6)
    assert (abs(before[4:] - after[4:]).max(axis=1) > 1e-3).all()


def test_an_untrained_encoder_gives_nearly_the_latest_item() -> None:
    encoder = transformer.encoder(transformer.Options(), HistoryShape(LENGTH, DIM), 0)
    bare = history()._replace(types=None, gaps=None)
    found = encoder(bare)[:, 0].numpy()
    for state, latest in zip(found, TABLE[[7, 2]], strict=True):
        cosine = state @ latest / np.linalg.norm(state) / np.linalg.norm(latest)
        assert cosine > 0.8


def test_dropout_happens_only_with_a_seed() -> None:
    encoder = make(dropout=0.5, input_dropout=0.5)
    plain = encoder(history())
    np.testing.assert_array_equal(plain, encoder(history()))
    dropped = [encoder(history(), tf.constant([0, 64 * step])) for step in range(2)]
    assert not np.allclose(dropped[0], plain)
    assert not np.allclose(dropped[0], dropped[1])


def test_heads_must_divide_the_width() -> None:
    with pytest.raises(ConfigError, match=r"`retrieval.embedding_dim` must be a multiple"):
        transformer.encoder(transformer.Options(heads=3), SHAPE, 0)
