"""Lists of the ranking stage: positives of the validation window, each with negatives.

The retrieval model has not been trained on these positives, so its scores of them are as honest as
they will be at serving time; histories end before the window.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from configs.ranking import RankingConfig
from tfrs_models.backend import tf
from tfrs_models.evaluation.queries import Queries


@dataclass(frozen=True)
class Retrieved:
    """What the retrieval stage says of some queries.

    Attributes:
        queries: the queries.
        lists: int32 [Q, K], candidates, best first; 0 is no item.
        query_embeddings: float32 [Q, D], or [Q, H, D] with H interests.
        candidate_embeddings: float32 [N, D].
        columns: encoded user, context and history of each query, [Q, ...] by name.
    """

    queries: Queries
    lists: NDArray[np.int32]
    query_embeddings: NDArray[np.float32]
    candidate_embeddings: NDArray[np.float32]
    columns: Mapping[str, NDArray[Any]]

    def take(self, rows: NDArray[np.intp]) -> "Retrieved":
        """Chosen queries."""
        return Retrieved(
            self.queries.take(rows),
            self.lists[rows],
            self.query_embeddings[rows],
            self.candidate_embeddings,
            {name: column[rows] for name, column in self.columns.items()},
        )


class RankingBatches:
    """Draws positives in a seeded order, each with its negatives.

    Args:
        retrieved: the training queries.
        items: encoded item columns, [N, ...] by name.
        trained_items: positives and random negatives lie below this row. The retrieval has never
            seen the items from there on: as positives without any negative of their kind they would
            teach that an unknown item is a good one.
        crosses: encoded columns -> crosses.
        config: the ranking stage.
        seed: seed of order, negatives and dropout.
    """

    def __init__(
        self,
        retrieved: Retrieved,
        items: Mapping[str, NDArray[Any]],
        trained_items: int,
        crosses: Callable[[Mapping[str, Any]], dict[str, Any]],
        config: RankingConfig,
        seed: int,
    ) -> None:
        targets = retrieved.queries.targets
        learned = targets.where(targets.items < trained_items)
        self.num_examples = len(learned.items)
        accumulated = config.training.accumulate_batches
        largest = max(1, self.num_examples // accumulated)
        self.batch_size = min(config.training.batch_size, largest)
        batches = max(1, self.num_examples) // self.batch_size
        self.steps_per_epoch = max(1, batches // accumulated) * accumulated
        self._config = config
        self._seed = seed
        self._crosses = crosses
        self._owner = tf.constant(learned.owners, tf.int32)
        self._target = tf.constant(learned.items)
        self._lists = tf.constant(retrieved.lists)
        self._num_items = len(retrieved.candidate_embeddings)
        self._target_keys = tf.constant(targets.owners * self._num_items + targets.items)
        self._columns = {name: tf.constant(c) for name, c in retrieved.columns.items()}
        self._items = {name: tf.constant(c) for name, c in items.items()}
        self._trained_items = trained_items
        embeddings = retrieved.query_embeddings
        self._query_embeddings = tf.constant(
            embeddings.reshape(len(embeddings), -1, embeddings.shape[-1])
        )
        self._candidate_embeddings = tf.constant(retrieved.candidate_embeddings)
        self.variables: list[Any] = []

    def data(self, step: int) -> tuple[dict[str, Any], int]:  # noqa: ARG002 - see `loop.Batches`
        """Nothing but what is held here, at every step."""
        return {}, sys.maxsize

    def batch(self, step: Any, data: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """The batch of a step: see `WideDeep.compute_loss`."""
        seed = tf.stack([tf.constant(self._seed, tf.int32), tf.cast(step, tf.int32)]) * 8
        steps = self.steps_per_epoch
        index = tf.range(self.batch_size, dtype=tf.int64) + (step % steps) * self.batch_size
        order = tf.stack([tf.constant(self._seed, tf.int32), tf.cast(step // steps, tf.int32)])
        places = tf.random.experimental.index_shuffle(
            index, order, tf.constant(self.num_examples - 1, tf.int64)
        )
        owner, target = tf.gather(self._owner, places), tf.gather(self._target, places)
        rows, usable = self._negatives(owner, seed)
        items = tf.concat([target[:, tf.newaxis], rows], axis=1)
        positive = tf.ones_like(target, tf.float32)[:, tf.newaxis]
        owners = tf.repeat(owner, tf.shape(items)[1])
        return {
            "encoded": self.encode(owners, tf.reshape(items, [-1])),
            "usable": tf.concat([positive, usable], axis=1),
            "seed": seed,
        }

    def _negatives(self, owner: Any, seed: Any) -> tuple[Any, Any]:
        """Item rows [B, M] and which are usable [B, M]: 0 for a target or no item, else 1."""
        hard = (tf.shape(owner)[0], self._config.retrieved_negatives)
        easy = (tf.shape(owner)[0], self._config.random_negatives)
        place = tf.random.stateless_uniform(hard, seed + 1, 0, tf.shape(self._lists)[1], tf.int32)
        cells = tf.stack([tf.broadcast_to(owner[:, tf.newaxis], hard), place], axis=-1)
        random = tf.random.stateless_uniform(easy, seed + 2, 2, self._trained_items, tf.int32)
        rows = tf.concat([tf.gather_nd(self._lists, cells), random], axis=1)
        usable = (rows > 0) & ~self._are_targets(owner, rows)
        return rows, tf.cast(usable, tf.float32)

    def _are_targets(self, owner: Any, rows: Any) -> Any:
        """Which item rows int32 [B, M] are targets of the queries int32 [B]: bool [B, M]."""
        keys = tf.cast(owner, tf.int64)[:, tf.newaxis] * self._num_items + tf.cast(rows, tf.int64)
        place = tf.searchsorted(self._target_keys, tf.reshape(keys, [-1]))
        nearest = tf.gather(self._target_keys, tf.minimum(place, tf.size(self._target_keys) - 1))
        return keys == tf.reshape(nearest, tf.shape(keys))

    def encode(self, owners: Any, items: Any) -> dict[str, Any]:
        """Encoded columns of pairs of queries int32 [B] and item rows int32 [B]."""
        encoded = {name: tf.gather(c, owners) for name, c in self._columns.items()}
        encoded |= {name: tf.gather(c, items) for name, c in self._items.items()}
        encoded |= self._crosses(encoded)
        interests = tf.gather(self._query_embeddings, owners)
        candidates = tf.gather(self._candidate_embeddings, items)
        scores = tf.linalg.matvec(interests, candidates)
        return encoded | {"retrieval_score": tf.reduce_max(scores, axis=1, keepdims=True)}
