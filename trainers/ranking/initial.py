"""Where the training of the ranker starts: at the scale of its inputs and labels."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from configs.ranking import RankingConfig
from tfrs_models.backend import tf
from tfrs_models.features.pairs import PAIRS
from tfrs_models.models.wide_deep import WideDeep
from tfrs_models.objectives._pairs import objective
from trainers.ranking.batches import Pools, RankingBatches

_BATCHES = 8
_SCALE = 0.05  # of the tables that start at random
_STANDARD = 0  # place of the retrieval's standardised score: the prior needs it as it is


def set_initial_values(
    model: WideDeep,
    batches: RankingBatches,
    pools: Pools,
    config: RankingConfig,
    item_embeddings: NDArray[np.float32],
) -> None:
    """Standardise the pair features, and place the outputs at the mean of their labels.

    Args:
        model: built.
        batches: of whose first ones the scale of the pair features is that of.
        pools: the labels.
        config: the ranking stage.
        item_embeddings: float32 [N, D], of the retrieval.
    """
    _scale_pairs(model, batches)
    if config.initial_embeddings == "retrieval" and model.deep.history is not None:
        table = model.deep.history.table
        table.assign(main_directions(item_embeddings[: table.shape[0]], table.shape[1]))
    labels = pools.arrays["labels"][:, : pools.retrieved]
    scaling = [_scaling(labels, name, config) for name in config.tasks]
    model.scaling.assign(tf.constant(scaling, tf.float32))


def _scaling(labels: NDArray[np.float32], name: str, config: RankingConfig) -> tuple[float, float]:
    """Offset and scale of a task; one that is `given` another starts at its rate under it."""
    names, task = list(config.tasks), config.tasks[name]
    own = labels[..., names.index(name)]
    counts = ~np.isnan(own)
    if task.given is not None:
        counts &= labels[..., names.index(task.given)] > 0
    known = own[counts].astype(np.float64)
    if not len(known):
        return 0.0, 1.0
    return objective(task.objective.type).scaling(known, np.ones(len(known)))


def main_directions(embeddings: NDArray[np.float32], dim: int) -> NDArray[np.float32]:
    """The embeddings [N, D] in their `dim` directions of largest variance, at the usual scale.

    Where D is smaller the last columns are 0.
    """
    width = min(dim, embeddings.shape[1])
    _, vectors = np.linalg.eigh(embeddings.T.astype(np.float64) @ embeddings)
    projected = np.zeros((len(embeddings), dim), np.float32)
    projected[:, :width] = embeddings @ vectors[:, ::-1][:, :width]
    return projected * np.float32(_SCALE / max(float(projected.std()), 1e-6))


def _scale_pairs(model: WideDeep, batches: RankingBatches) -> None:
    read = tf.function(lambda step: batches.batch(step, {})["candidates"][PAIRS], autograph=False)
    number = min(_BATCHES, batches.steps_per_epoch)
    values: Any = np.concatenate([read(tf.constant(s, tf.int64)).numpy() for s in range(number)])
    center, spread = values.mean(axis=0), values.std(axis=0)
    center[_STANDARD], spread[_STANDARD] = 0.0, 1.0
    model.center.assign(center)
    model.spread.assign(np.where(spread > 1e-6, spread, 1.0))
