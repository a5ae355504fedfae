"""Experts mixed by gates: the layer of the sharings `mmoe` and `ple`.

Legend: B pairs, W inputs, E experts that a task reads, H width of an expert.
"""

from collections.abc import Callable, Sequence
from typing import Any

from tfrs_models.backend import tf


class Experts(tf.keras.layers.Layer):
    """For each task the mean of its experts, weighted by a softmax of the inputs.

    Args:
        tasks: how many.
        shared: experts that every task reads.
        own: experts of each task.
        hidden: makes the hidden layers of an expert, from a seed and a name.
        seed: seed of the initial weights.
    """

    def __init__(
        self, tasks: int, shared: int, own: int, hidden: Callable[[int, str], Any], seed: int
    ) -> None:
        super().__init__(name="experts")
        self.shared = [hidden(seed + 100 * i, f"shared_{i}") for i in range(shared)]
        self.own = [
            [hidden(seed + 1_000 * (task + 1) + 100 * i, f"own_{task}_{i}") for i in range(own)]
            for task in range(tasks)
        ]
        self.gates = [
            tf.keras.layers.Dense(
                shared + own, use_bias=False, kernel_initializer="zeros", name=f"gate_{task}"
            )
            for task in range(tasks)
        ]

    def call(self, values: Any, seed: Any | None = None) -> list[Any]:
        """Float32 [B, W] -> [B, H] for each task. Gates start at equal shares."""
        shared = _outputs(self.shared, values, seed, 0)
        return [
            _mixed(shared + _outputs(own, values, seed, task + 1), gate(values))
            for task, (own, gate) in enumerate(zip(self.own, self.gates, strict=True))
        ]


def _outputs(experts: Sequence[Any], values: Any, seed: Any | None, group: int) -> list[Any]:
    seeds = [None if seed is None else seed + 100 * group + 10 * i for i in range(len(experts))]
    return [expert(values, s) for expert, s in zip(experts, seeds, strict=True)]


def _mixed(outputs: Sequence[Any], gate: Any) -> Any:
    shares = tf.nn.softmax(gate, axis=-1)[:, :, tf.newaxis]
    return tf.reduce_sum(shares * tf.stack(outputs, axis=1), axis=1)
