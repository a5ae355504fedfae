"""The encoders that pool, by hand."""

from typing import Any

import numpy as np
import pytest

from tfrs_models.backend import tf
from tfrs_models.layers.history import attention, mean, multi_interest, recency
from tfrs_models.layers.history._history import History, HistoryShape

# Items 5, 6 and 7 have these embeddings.
ROWS = np.zeros((8, 2), np.float32)
ROWS[5:] = [[1.0, 0.0], [2.0, 4.0], [8.0, 8.0]]
SHAPE = HistoryShape(3, 2)


def history(ids: list[int], **carried: list[int]) -> History:
    tensors = {name: tf.constant([values]) for name, values in carried.items()}
    return History(lambda rows: tf.gather(tf.constant(ROWS), rows), tf.constant([ids]), **tensors)


def encoded(module: Any, ids: list[int], shape: HistoryShape = SHAPE) -> Any:
    return module.encoder(module.Options(), shape, 0)(history(ids)).numpy()[0, 0]


def test_the_sum_is_divided_by_the_root_of_one_more_than_its_length() -> None:
    # [1 + 2 + 8, 0 + 4 + 8] / sqrt(1 + 3)
    np.testing.assert_allclose(encoded(mean, [5, 6, 7]), [5.5, 6.0], rtol=1e-6)


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ([5, 6, 0], [3 / 3**0.5, 4 / 3**0.5]),
        ([5, 0, 7], [9 / 3**0.5, 8 / 3**0.5]),
        ([0, 6, 0], [2 / 2**0.5, 4 / 2**0.5]),
    ],
)
def test_padding_counts_nowhere(ids: list[int], expected: list[float]) -> None:
    np.testing.assert_allclose(encoded(mean, ids), expected, rtol=1e-6)


@pytest.mark.parametrize("module", [recency, attention])
def test_before_training_all_items_count_alike(module: Any) -> None:
    np.testing.assert_allclose(encoded(module, [5, 6, 7]), encoded(mean, [5, 6, 7]), rtol=1e-6)


@pytest.mark.parametrize(
    ("ids", "weights"),
    [
        ([5, 6, 7], [5, 3, 2]),
        ([5, 6, 0], [3, 2, 0]),
        ([5, 0, 7], [3, 0, 2]),
        ([0, 6, 0], [0, 2, 0]),
    ],
)
def test_recency_weights_count_back_from_the_latest_item(
    ids: list[int], weights: list[float]
) -> None:
    # exp(log_weights) is 2 for the latest item, 3 for the one before, 5 for the first.
    encoder = recency.encoder(recency.Options(), HistoryShape(3, 2), 0)
    encoder.log_weights.assign(np.log([2.0, 3.0, 5.0]).astype(np.float32))
    expected = weights @ ROWS[5:] / np.sqrt(1 + np.square(weights).sum())
    np.testing.assert_allclose(encoder(history(ids))[0, 0], expected, rtol=1e-6)


def test_attention_weighs_by_item_place_type_and_gap() -> None:
    shape = HistoryShape(3, 2, num_types=4, num_gaps=4)
    encoder = attention.encoder(attention.Options(hidden_units=1), shape, 0)
    given = history([5, 6, 0], types=[2, 3, 0], gaps=[1, 2, 0])
    encoder(given)
    encoder.hidden.set_weights([np.array([[0.5], [0.25]]), np.array([0.1])])
    encoder.score.set_weights([np.array([[0.3]])])
    encoder.place.assign([0.1, 0.2, 0.4])
    encoder.type.assign([0.0, 0.0, -0.3, 0.6])
    encoder.gap.assign([0.0, 0.05, -0.15, 0.0])
    # Item 5 stands one place back, item 6 is the latest.
    first = 0.3 * np.tanh(0.5 + 0.1) + 0.2 - 0.3 + 0.05
    second = 0.3 * np.tanh(1.0 + 1.0 + 0.1) + 0.1 + 0.6 - 0.15
    weights = np.exp(4 * np.tanh(np.array([first, second]) / 4))
    expected = weights @ ROWS[5:7] / np.sqrt(1 + np.square(weights).sum())
    np.testing.assert_allclose(encoder(given)[0, 0], expected, rtol=1e-5)


def test_an_attention_weight_cannot_overflow() -> None:
    encoder = attention.encoder(attention.Options(), HistoryShape(3, 2), 0)
    encoder.place.assign([1e6, -1e6, 0.0])
    assert np.isfinite(encoder(history([5, 6, 7]))).all()


def test_each_interest_is_a_mean_of_the_items_by_its_own_shares() -> None:
    options = multi_interest.Options(interests=2, hidden_units=1)
    encoder = multi_interest.encoder(options, HistoryShape(3, 2), 0)
    encoder(history([5, 6, 0]))
    encoder.hidden.set_weights([np.array([[0.5], [0.25]]), np.array([0.0])])
    encoder.score.set_weights([np.array([[1.0, -2.0]])])
    encoder.place.assign(np.array([[0.3, 0.0], [0.0, 0.1], [0.0, 0.0]]))
    hidden = np.tanh([0.5, 2.0])
    # The latest item, 6, has places back 0; item 5 has 1.
    logits = hidden[:, None] * [1.0, -2.0] + [[0.0, 0.1], [0.3, 0.0]]
    shares = np.exp(logits) / np.exp(logits).sum(0)
    expected = shares.T @ ROWS[5:7] * np.sqrt(2 / 3)
    np.testing.assert_allclose(encoder(history([5, 6, 0]))[0], expected, rtol=1e-5)
