"""The rival in Keras: a Wide & Deep model as its user would put it together from Keras' layers.

Texts are looked up and crossed inside the model, the linear part learns by FTRL and the deep part
by Adam, and `tf.data` shuffles single examples and batches them. All tasks share one model, and
their losses are averaged.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ranking_rivals import Outcome
from ranking_table import SEPARATOR, Kind, RankingData, Table

from tfrs_models.backend import tf

SHUFFLED = 100_000
BATCH_SIZE = 256
PREDICTED = 4096
"""Rows of a batch when predicting."""
EMBEDDING_DIM = 16
HIDDEN_UNITS = (128, 64)
CROSS_BUCKETS = 10_000
FTRL_LEARNING_RATE = 0.02
ADAM_LEARNING_RATE = 0.001
HEADS: Mapping[Kind, tuple[str | None, str]] = {
    "binary": ("sigmoid", "binary_crossentropy"),
    "rating": (None, "mean_squared_error"),
}
"""The last activation and the loss."""


@dataclass(frozen=True)
class KerasRun:
    """A model's training.

    Attributes:
        outcome: its predictions, and the seconds of everything.
        examples_per_second: of the epochs after the first, in which the model is also traced.
    """

    outcome: Outcome
    examples_per_second: float


def train_keras(data: RankingData, epochs: int, seed: int) -> KerasRun:
    """Train on all training rows and predict the test rows.

    Args:
        data: the data.
        epochs: at least 2, the first of which is not timed.
        seed: of weights and order.
    """
    start = time.perf_counter()
    tf.keras.utils.set_random_seed(seed)
    model = new_wide_deep(data)
    batches = shuffled_batches(data.train, BATCH_SIZE, seed)
    model.fit(batches, epochs=1, verbose=0)
    warm = time.perf_counter()
    model.fit(batches, epochs=epochs - 1, verbose=0)
    rate = (epochs - 1) * len(data.train) / (time.perf_counter() - warm)
    found = model.predict(_examples(data.test).batch(PREDICTED), verbose=0)
    predictions = {task: found[:, i].astype(np.float64) for i, task in enumerate(data.test.labels)}
    return KerasRun(Outcome(predictions, time.perf_counter() - start), rate)


def new_wide_deep(data: RankingData) -> Any:
    """An untrained model that knows the training rows' texts and scales: rows to [B, tasks]."""
    inputs = _inputs(data.train)
    ids = _ids(data.train, inputs)
    numbers = _numbers(data.train, inputs)
    tasks = len(data.train.labels)
    linear = tf.keras.Model(inputs, _linear(data, inputs, ids, numbers, tasks))
    deep = tf.keras.Model(inputs, _deep(ids, numbers, tasks))
    activation, loss = HEADS[data.kind]
    model = tf.keras.experimental.WideDeepModel(linear, deep, activation=activation)
    ftrl = tf.keras.optimizers.Ftrl(FTRL_LEARNING_RATE)
    model.compile([ftrl, tf.keras.optimizers.Adam(ADAM_LEARNING_RATE)], loss=loss)
    return model


@dataclass(frozen=True)
class Ids:
    """Integer ids of one column.

    Attributes:
        values: int64 [B], or ragged [B, M] of a list.
        size: they lie below it.
    """

    values: Any
    size: int


def _inputs(table: Table) -> dict[str, Any]:
    return {
        name: tf.keras.Input([], name=name, dtype=_dtype(column))
        for name, column in table.columns.items()
    }


def _dtype(column: NDArray[Any]) -> Any:
    return tf.string if column.dtype == object else tf.float32


def _ids(table: Table, inputs: Mapping[str, Any]) -> dict[str, Ids]:
    found = {name: _looked_up(inputs[name], table.columns[name]) for name in table.texts}
    for name in table.lists:
        pieces = tf.strings.split(inputs[name], SEPARATOR)
        known = np.array(SEPARATOR.join(np.unique(table.columns[name])).split(SEPARATOR), object)
        found[name] = _looked_up(pieces, known)
    return found


def _looked_up(texts: Any, known: NDArray[Any]) -> Ids:
    look_up = tf.keras.layers.StringLookup(vocabulary=np.unique(known).tolist())
    return Ids(look_up(texts), look_up.vocabulary_size())


def _numbers(table: Table, inputs: Mapping[str, Any]) -> Any:
    """Standardised numbers, 0 where one is missing: [B, number of columns]."""
    scale = tf.keras.layers.Normalization()
    columns = np.stack([table.columns[name] for name in table.numbers], axis=1)
    known = columns[~np.isnan(columns).any(axis=1)].astype(np.float32)
    scale.adapt(known, batch_size=len(known))
    scaled = scale(tf.stack([inputs[name] for name in table.numbers], axis=1))
    return tf.where(tf.math.is_nan(scaled), 0.0, scaled)


def _linear(
    data: RankingData, inputs: Mapping[str, Any], ids: Mapping[str, Ids], numbers: Any, tasks: int
) -> Any:
    crossing = tf.keras.layers.HashedCrossing(CROSS_BUCKETS)
    crosses = [
        Ids(crossing(tuple(inputs[name] for name in cross)), CROSS_BUCKETS)
        for cross in data.crosses
    ]
    terms = [_embedded(one, tasks, "zeros") for one in [*ids.values(), *crosses]]
    return tf.keras.layers.Add()([tf.keras.layers.Dense(tasks)(numbers), *terms])


def _deep(ids: Mapping[str, Ids], numbers: Any, tasks: int) -> Any:
    embeddings = [_embedded(one, EMBEDDING_DIM, "uniform") for one in ids.values()]
    hidden = tf.concat([numbers, *embeddings], axis=1)
    for units in HIDDEN_UNITS:
        hidden = tf.keras.layers.Dense(units, activation="relu")(hidden)
    return tf.keras.layers.Dense(tasks)(hidden)


def _embedded(ids: Ids, width: int, start: str) -> Any:
    """Embeddings [B, width]; the mean of a list's."""
    found = tf.keras.layers.Embedding(ids.size, width, embeddings_initializer=start)(ids.values)
    return tf.reduce_mean(found, axis=1) if len(found.shape) > 2 else found


def shuffled_batches(table: Table, batch_size: int, seed: int) -> Any:
    """Batches of rows and labels, in another order each time."""
    shuffled = _examples(table).shuffle(SHUFFLED, seed=seed)
    return shuffled.batch(batch_size).prefetch(tf.data.AUTOTUNE)


def _examples(table: Table) -> Any:
    columns = {
        name: column.astype(str if column.dtype == object else np.float32)
        for name, column in table.columns.items()
    }
    labels = np.stack(list(table.labels.values()), axis=1).astype(np.float32)
    return tf.data.Dataset.from_tensor_slices((columns, labels))
