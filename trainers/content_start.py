"""Teaches the content tower where items stand before the ids and the content learn together.

An item without training events is its content alone. Without this start, content explains only what
the ids leave over, which is nothing while the ids start at what a factorisation already knows.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from configs.training import TrainingConfig
from tfrs_models.backend import tf
from trainers.optimizers.build import retrieval_optimizer

CONTENT_LENGTH = 0.5
"""Length of a content vector against that of an id."""
_BATCH = 512
_EPOCHS = 50
_LEAST_STEPS, _MOST_STEPS = 500, 2000
_LEARNING = TrainingConfig(learning_rate=0.01, embedding_learning_rate=0.01, decay="linear")


def fit_content(
    content: Any,
    columns: Mapping[str, NDArray[Any]],
    directions: NDArray[np.float32],
    priors: NDArray[np.float32],
    seed: int,
) -> None:
    """Train the content tower by least squares on directions and priors.

    Args:
        content: the tower, built.
        columns: encoded features of I items, [I, ...] by name.
        directions: float32 [I, at most D], unit vectors.
        priors: float32 [I], in units of the model's prior weights.
        seed: of the order.
    """
    blank = ((0, 0), (0, content.layers[-1].units - 1 - directions.shape[1]))
    wanted = np.concatenate(
        [CONTENT_LENGTH * np.pad(directions, blank), priors[:, np.newaxis]], axis=1
    )
    data = {name: tf.constant(column) for name, column in columns.items()}
    batch = min(_BATCH, len(wanted))
    steps = min(max(_EPOCHS * len(wanted) // batch, _LEAST_STEPS), _MOST_STEPS)
    optimizer = retrieval_optimizer(_LEARNING, steps)
    weights = content.trainable_variables
    optimizer.build(weights)

    def step(number: Any) -> Any:
        picked = tf.random.stateless_uniform(
            [batch], tf.stack([seed, number]), 0, len(wanted), tf.int32
        )
        with tf.GradientTape() as tape:
            rows = {name: tf.gather(column, picked) for name, column in data.items()}
            error = content(rows) - tf.gather(wanted, picked)
            loss = tf.reduce_mean(tf.reduce_sum(tf.square(error), axis=-1))
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        return number + 1

    def run() -> Any:
        return tf.while_loop(lambda number: number < steps, step, [tf.constant(0)])

    tf.function(run, autograph=False).get_concrete_function()()
