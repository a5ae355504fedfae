"""Our side of the retrieval benchmarks: the stage as `tfrs train` prepares and trains it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from configs.run import RunConfig
from tfrs_models.backend import tf
from tfrs_models.data.dataset import PreparedDataset
from trainers.retrieval import Material, new_batches, new_two_tower
from trainers.run import prepared
from trainers.watch import Steps, Watch

_BATCHES = 8


def open_material(config: RunConfig, work: Path) -> Material:
    """The prepared data, made where `work` does not hold them yet."""
    folder = work / "prepared"
    folder.mkdir(exist_ok=True)
    return prepared(config, work, folder, Console(quiet=True))[0]


def training_pairs(dataset: PreparedDataset) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """User and item rows of the positive training events: int32 [P] each."""
    events = dataset.events
    learned = events.learned
    return events.user[learned], events.item[learned]


class Listener(Watch):
    """Hands on the examples/s of every compiled call, shows nothing and logs nothing.

    Args:
        folder: where a log would lie.
        heard: is called after each compiled call.
    """

    def __init__(self, folder: Path, heard: Callable[[float], None]) -> None:
        super().__init__("benchmark", "", folder, Console(quiet=True))
        self._heard = heard

    def steps(self, step: int, plan: Steps, loss: float, examples_per_second: float) -> None:  # noqa: ARG002
        """A compiled call has ended."""
        self._heard(examples_per_second)

    def evaluation(self, epoch: int, metric: float, best: float) -> None:
        """Evaluations are not shown."""


def score_flops(queries: int, candidates: int, dim: int) -> int:
    """Floating-point operations of one score matrix and of its two gradients.

    Three products of [queries, dim + 1] and [dim + 1, candidates] matrices or of their like, each
    with a multiplication and an addition a term; the embeddings' last number is the prior.
    """
    return 3 * 2 * queries * candidates * (dim + 1)


def flops_per_example(material: Material) -> float:
    """`score_flops` of a few batches of the training, over the targets in them."""
    model = new_two_tower(material)
    batches = new_batches(model, material)
    flops = examples = 0
    for step in range(_BATCHES):
        data, _ = batches.data(step)
        batch = batches.batch(tf.constant(step, tf.int64), data)
        windows, negatives = batch["usable"].shape
        targets = int(tf.size(batch["weight"]))
        rows = targets if model.causal or model.has_context else windows
        flops += score_flops(rows * model.interests, negatives, model.config.embedding_dim)
        examples += targets
    return flops / examples
