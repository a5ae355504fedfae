"""Passes over examples in memory: each is visited about once an epoch, in a seeded order."""

from dataclasses import dataclass
from typing import Any

from tfrs_models.backend import tf


@dataclass(frozen=True)
class Passes:
    """Which examples make up the batch of a step: a function of seed and step alone.

    Attributes:
        examples: how many there are.
        batch_size: of a batch.
        steps_per_epoch: batches of a pass.
        seed: of the orders.
    """

    examples: int
    batch_size: int
    steps_per_epoch: int
    seed: int

    def places(self, step: Any) -> Any:
        """The examples of a step (int64 scalar): int64 [batch_size]."""
        steps = self.steps_per_epoch
        index = tf.range(self.batch_size, dtype=tf.int64) + (step % steps) * self.batch_size
        order = tf.stack([tf.constant(self.seed, tf.int32), tf.cast(step // steps, tf.int32)])
        return tf.random.experimental.index_shuffle(
            index, order, tf.constant(self.examples - 1, tf.int64)
        )


def passes(examples: int, batch_size: int, batches_per_step: int, seed: int) -> Passes:
    """Batches of at most `batch_size`, of which a pass has a multiple of `batches_per_step`."""
    size = min(batch_size, max(1, examples // batches_per_step))
    batches = max(1, examples) // size
    steps = max(1, batches // batches_per_step) * batches_per_step
    return Passes(examples, size, steps, seed)
