"""How a step size grows at the start of a training and falls until its end."""

import math
from typing import Any

from tfrs_models.backend import tf


class Schedule(tf.keras.optimizers.schedules.LearningRateSchedule):
    """Linear growth from 0, then constant or falling to 0 at the last step.

    Args:
        rate: the largest step size.
        warmup_steps: steps of growth.
        decay: `constant`, `linear` or `cosine`.
        total_steps: steps of the whole training.
    """

    def __init__(self, rate: float, warmup_steps: int, decay: str, total_steps: int) -> None:
        self.rate, self.warmup_steps = rate, warmup_steps
        self.decay, self.total_steps = decay, total_steps

    def __call__(self, step: Any) -> Any:
        """The step size of a step, from 0: float32 scalar."""
        done = tf.cast(step, tf.float32)
        growth = tf.minimum(1.0, (done + 1.0) / max(self.warmup_steps, 1))
        return self.rate * growth * self._left(done / self.total_steps)

    def _left(self, progress: Any) -> Any:
        """Share of the step size that is left at a progress between 0 and 1."""
        progress = tf.minimum(progress, 1.0)
        if self.decay == "linear":
            return 1.0 - progress
        if self.decay == "cosine":
            return 0.5 * (1.0 + tf.cos(math.pi * progress))
        return tf.ones_like(progress)

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {
            "rate": self.rate,
            "warmup_steps": self.warmup_steps,
            "decay": self.decay,
            "total_steps": self.total_steps,
        }
