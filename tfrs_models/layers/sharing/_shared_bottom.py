"""The layer of the sharing `shared_bottom`."""

from typing import Any

from tfrs_models.backend import tf


class SharedBottom(tf.keras.layers.Layer):
    """One set of hidden layers for all tasks."""

    def __init__(self, tasks: int, bottom: Any) -> None:
        super().__init__(name="shared_bottom")
        self.tasks = tasks
        self.bottom = bottom

    def call(self, values: Any, seed: Any | None = None) -> list[Any]:
        """Float32 [B, W] -> the same [B, H] for each task."""
        return [self.bottom(values, seed)] * self.tasks
