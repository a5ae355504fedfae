"""How often items occur in batches, estimated from the stream (Yi et al. 2019, algorithm 2)."""

from typing import Any

from tfrs_models.backend import tf


class Streamed:
    """Estimates the mean number of steps between two batches that hold an item.

    One row an item instead of the paper's hashed rows: items are numbered here, so none collide.

    Args:
        num_items: N.
        step_size: weight of the newest gap.
    """

    def __init__(self, num_items: int, step_size: float) -> None:
        self._step_size = step_size
        self._step = tf.Variable(0.0, trainable=False)
        self._last = tf.Variable(tf.zeros([num_items]), trainable=False)
        # As if every item came each step: the first gaps are learned upwards from there.
        self._gap = tf.Variable(tf.ones([num_items]), trainable=False)
        self.variables = (self._step, self._last, self._gap)

    def observe(self, rows: Any) -> Any:
        """Learn from the distinct rows [C] of a step: log of the odds of being in it, [C]."""
        step = self._step.assign_add(1.0)
        seen = step - tf.gather(self._last, rows)
        gap = (1 - self._step_size) * tf.gather(self._gap, rows) + self._step_size * seen
        self._last.scatter_update(tf.IndexedSlices(tf.fill(tf.shape(rows), step), rows))
        self._gap.scatter_update(tf.IndexedSlices(gap, rows))
        return -tf.math.log(tf.maximum(gap, 1.0))
