"""Batches of the retrieval stage, formed inside the compiled loop from columns in memory."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from configs.errors import DataError
from configs.retrieval import RetrievalConfig
from tfrs_models.backend import tf
from tfrs_models.data.dataset import TRAIN, PreparedDataset
from tfrs_models.features.encode import EncodedTables
from tfrs_models.features.spec import FeatureSpec
from tfrs_models.losses._softmax import Sampler
from trainers.histories import history_ids

_MICROSECONDS_A_DAY = 86_400e6


@dataclass(frozen=True)
class Positives:
    """The positive training events, sorted by (user, time): P of them.

    Attributes:
        user: int32 [P], rows of users.
        item: int32 [P], rows of items.
        event: int64 [P], rows of events, for the context.
        start: int32 [P], place of the user's first positive.
        end: int32 [P], one past the place of the user's last positive.
        before: int32 [P], one past the place of the last positive that is strictly earlier.
        weight: float32 [P], mean 1.
    """

    user: NDArray[np.int32]
    item: NDArray[np.int32]
    event: NDArray[np.int64]
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    before: NDArray[np.int32]
    weight: NDArray[np.float32]


def positives(dataset: PreparedDataset, half_life_days: float | None) -> Positives:
    """The positive training events and where their users' histories lie.

    Raises:
        DataError: there are none.
    """
    events = dataset.events
    chosen = np.flatnonzero((events.split == TRAIN) & (events.weight > 0))
    if not len(chosen):
        raise DataError(
            "no training event is positive: lower `data.events.min_value`, or give an event type "
            "a weight above 0 in `data.events.weights`"
        )
    user, time = events.user[chosen], events.time[chosen]
    places = np.arange(len(chosen), dtype=np.int32)
    new_time = np.r_[True, (user[1:] != user[:-1]) | (time[1:] != time[:-1])]
    weight = events.weight[chosen] * _recency(time, half_life_days)
    return Positives(
        user=user,
        item=events.item[chosen],
        event=chosen,
        start=np.searchsorted(user, user, "left").astype(np.int32),
        end=np.searchsorted(user, user, "right").astype(np.int32),
        before=np.maximum.accumulate(np.where(new_time, places, 0)),
        weight=(weight / weight.mean()).astype(np.float32),
    )


def _recency(time: NDArray[np.int64], half_life_days: float | None) -> NDArray[np.float64]:
    if half_life_days is None:
        return np.ones(len(time))
    age_days = (time.max() - time) / _MICROSECONDS_A_DAY
    weights: NDArray[np.float64] = 0.5 ** (age_days / half_life_days)
    return weights


class RetrievalBatches:
    """Draws batches in a seeded order: epoch e visits every example once.

    Args:
        dataset: the prepared dataset.
        encoded: its encoded tables.
        spec: the features.
        config: the retrieval stage.
        negatives: training events of each known item row -> sampler of the items that a batch is
            scored against.
        seed: seed of order, histories, negatives and dropout.
    """

    def __init__(
        self,
        dataset: PreparedDataset,
        encoded: EncodedTables,
        spec: FeatureSpec,
        config: RetrievalConfig,
        negatives: Callable[[NDArray[Any]], Sampler],
        seed: int,
    ) -> None:
        rows = positives(dataset, config.recency_half_life_days)
        self.num_examples = len(rows.item)
        self.batch_size = min(config.training.batch_size, self.num_examples)
        self._seed = seed
        self._length = spec.history_length
        self._leave_one_out = config.history_sampling == "leave_one_out"
        counts = np.bincount(rows.item, minlength=dataset.known_items)[: dataset.known_items]
        self._negatives = negatives(counts)
        self._rows = {name: tf.constant(column) for name, column in vars(rows).items()}
        self._history = tf.constant(history_ids(dataset, rows.item))
        self._user = _constants(spec, encoded.user, "user")
        self._item = _constants(spec, encoded.item, "item")
        self._context = {
            f.name: tf.constant(encoded.context[f.name][rows.event])
            for f in spec.select("retrieval", "context")
        }

    def batch(self, step: Any) -> dict[str, Any]:
        """The batch of a step: see `TwoTower.compute_loss`."""
        places = self._places(step)
        seed = tf.stack([tf.constant(self._seed, tf.int32), tf.cast(step, tf.int32)]) * 8
        row = {name: tf.gather(column, places) for name, column in self._rows.items()}
        drawn = self._negatives(seed)
        query = _gather(self._user, row["user"]) | _gather(self._context, places)
        return {
            "query": query | self._histories(row, seed + 5),
            "positive": _gather(self._item, row["item"]),
            "negative": _gather(self._item, drawn.rows),
            "positive_rows": row["item"],
            "negative_rows": drawn.rows,
            "correction": drawn.correction,
            "weight": row["weight"],
            "seed": seed,
        }

    def _places(self, step: Any) -> Any:
        """Places of the step's examples in `Positives`, by a seeded permutation of the epoch."""
        steps = self.num_examples // self.batch_size
        epoch, within = tf.cast(step // steps, tf.int32), step % steps
        index = tf.range(self.batch_size, dtype=tf.int64) + within * self.batch_size
        seed = tf.stack([tf.constant(self._seed, tf.int32), epoch])
        return tf.random.experimental.index_shuffle(
            index, seed, tf.constant(self.num_examples - 1, tf.int64)
        )

    def _histories(self, row: Mapping[str, Any], seed: Any) -> dict[str, Any]:
        if self._length == 0:
            return {}
        start, end = self._windows(row, seed)
        window = start[:, tf.newaxis] + tf.range(self._length)
        inside = window < end[:, tf.newaxis]
        ids = tf.gather(self._history, tf.where(inside, window, 0))
        # The target itself is no history, wherever it stands: it would give the answer away.
        kept = inside & (ids != row["item"][:, tf.newaxis])
        return {"history": tf.where(kept, ids, 0)}

    def _windows(self, row: Mapping[str, Any], seed: Any) -> tuple[Any, Any]:
        """First place and one past the last of each history: int32 [B] each, L apart at most."""
        if not self._leave_one_out:
            return tf.maximum(row["start"], row["before"] - self._length), row["before"]
        room = tf.maximum(row["end"] - row["start"] - self._length, 0)
        share = tf.random.stateless_uniform(tf.shape(room), seed)
        shift = tf.cast(share * tf.cast(room + 1, tf.float32), tf.int32)
        start = row["start"] + tf.minimum(shift, room)
        return start, tf.minimum(row["end"], start + self._length)


def _constants(
    spec: FeatureSpec, columns: Mapping[str, NDArray[Any]], table: Any
) -> dict[str, Any]:
    return {f.name: tf.constant(columns[f.name]) for f in spec.select("retrieval", table)}


def _gather(columns: Mapping[str, Any], rows: Any) -> dict[str, Any]:
    return {name: tf.gather(column, rows) for name, column in columns.items()}
