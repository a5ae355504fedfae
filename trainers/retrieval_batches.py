"""Batches of the retrieval stage, formed inside the compiled loop from columns in memory.

Legend: B windows, M places of a window, L history length, T targets, C distinct negatives.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from configs import plugins
from configs.errors import DataError
from configs.retrieval import RetrievalConfig
from tfrs_models.backend import tf
from tfrs_models.data.dataset import FIRST_ROW, PreparedDataset
from tfrs_models.evaluation.popularity import train_counts
from tfrs_models.features.encode import EncodedTables
from tfrs_models.features.history import GAP, HISTORY, TYPE, gap_ids
from tfrs_models.features.spec import FeatureSpec
from tfrs_models.negatives._sampler import Moment, Popularity, Sampler, Search
from trainers.negatives import distinct, own_items
from trainers.parts import Parts
from trainers.positives import positives
from trainers.roles import Roles, Window, assign_roles, window_width
from trainers.windows import CONTEXT, PartOrder, part_columns, split_users

# Offsets of the step's seed: sources of negatives may use 0 to 5, the model 16 and above.
_WINDOW, _ROLES = 6, 8


class RetrievalBatches:
    """Draws batches in a seeded order: an epoch visits every window once.

    Args:
        dataset: the prepared dataset.
        encoded: its encoded tables.
        spec: the features.
        config: the retrieval stage.
        causal: whether the model learns from every place of a history at once.
        repeats: whether an item that a user took before is a target.
        seed: seed of order, windows, negatives and dropout.

    Attributes:
        positives: the events that are learned from.
    """

    def __init__(
        self,
        dataset: PreparedDataset,
        encoded: EncodedTables,
        spec: FeatureSpec,
        config: RetrievalConfig,
        causal: bool,
        repeats: bool,
        seed: int,
    ) -> None:
        self._spec, self._seed, self._known_items = spec, seed, dataset.known_items
        self._width = window_width(causal, spec.history.length)
        self._roles = assign_roles(config, causal, spec.history.length, repeats)
        self.positives = positives(dataset, config.recency_half_life_days)
        counts = train_counts(dataset)
        self._num_items = int(np.count_nonzero(counts))
        self._sampler = _sampler(config, counts, dataset.num_users)
        self._user = _constants(spec, encoded.user, "user")
        self._item = _constants(spec, encoded.item, "item")
        self._plan(config, encoded)

    def _plan(self, config: RetrievalConfig, encoded: EncodedTables) -> None:
        found = self.positives
        parts = split_users(found, self._width, config.training.resident_events)
        together = config.training.accumulate_batches
        largest = max(1, min(part.windows for part in parts) // together)
        self.batch_size = min(config.training.batch_size, largest)
        steps = [part.windows // self.batch_size // together * together for part in parts]
        if 0 in steps:
            raise DataError(
                f"`retrieval.training.accumulate_batches` ({together}) must be at most the number "
                f"of histories, received {min(part.windows for part in parts)}: lower it"
            )
        self._order = PartOrder(steps, self._seed)
        self.steps_per_epoch = self._order.steps_per_epoch
        context = {
            f.name: encoded.context[f.name] for f in self._spec.select("retrieval", "context")
        }
        self._parts = Parts(
            [partial(part_columns, found, part, self._width, context) for part in parts]
        )

    @property
    def variables(self) -> list[Any]:
        """State that changes with the steps, for checkpoints."""
        return list(self._sampler.variables)

    def data(self, step: int) -> tuple[Mapping[str, Any], int]:
        """The tensors that `batch` reads at a step, and one past the last step they serve."""
        stretch = self._order.stretch(step)
        following = self._order.stretch(stretch.last_step).part
        columns = self._parts.tensors(stretch.part, following)
        clock = {
            "first_step": tf.constant(stretch.first_step, tf.int64),
            "salt": tf.constant(stretch.salt % 2**31, tf.int32),
        }
        return {**columns, **clock}, stretch.last_step

    def refresh(self, search: Search) -> None:
        """Tell the source of negatives what the present model ranks highest."""
        if self._sampler.refresh is not None:
            self._sampler.refresh(search)

    def batch(self, step: Any, data: Mapping[str, Any]) -> dict[str, Any]:
        """The batch of a step: see `TwoTower.compute_loss`."""
        seed = self._step_seed(step)
        chosen, window = self._windows(step, data)
        roles = self._roles(window)
        at = tf.cast(tf.where(roles.target), tf.int32)
        targets = tf.gather_nd(window.item, at)
        places = tf.gather_nd(window.place, at)
        user = tf.gather(data["user"], chosen)
        draws = self._sampler.draw(Moment(seed, targets, self._earlier(step, data), user))
        negatives = distinct(draws, own_items(data, chosen), self.batch_size)
        rows, place = tf.unique(tf.concat([targets, negatives.rows], axis=0))
        return {
            "query": _gather(self._user, user) | self._history(window, roles, data),
            "context": _gather(_context(data), places),
            "candidates": _gather(self._item, rows),
            "positive": place[: tf.size(targets)],
            "negative": place[tf.size(targets) :],
            "window": at[:, 0],
            "visible": tf.gather_nd(roles.visible, at),
            "weight": tf.gather(data["weight"], places),
            "usable": negatives.usable,
            "count": negatives.count,
            "log_expected": negatives.log_expected,
            "positive_log_expected": draws.of_targets,
            "num_items": tf.constant(self._num_items, tf.float32),
            "seed": seed,
        }

    def _step_seed(self, step: Any) -> Any:
        """A seed with room for 64 different uses: int32 [2]."""
        return tf.stack([tf.constant(self._seed, tf.int32), tf.cast(step, tf.int32)]) * 64

    def _windows(self, step: Any, data: Mapping[str, Any]) -> tuple[Any, Window]:
        """The step's windows: their numbers int32 [B], and what is in them."""
        chosen = self._permuted(step, data)
        first, last = tf.gather(data["first"], chosen), tf.gather(data["last"], chosen)
        seed = self._step_seed(step)
        room = tf.maximum(last - first - self._width, 0)
        share = tf.random.stateless_uniform(tf.shape(room), seed + _WINDOW)
        shift = tf.cast(share * tf.cast(room + 1, tf.float32), tf.int32)
        start = (first + tf.minimum(shift, room))[:, tf.newaxis]
        longest = tf.minimum(tf.reduce_max(last - first), self._width)
        place = start + tf.range(longest)
        inside = place < last[:, tf.newaxis]
        place = tf.where(inside, place, 0)
        item = tf.where(inside, tf.gather(data["item"], place), 0)
        moment = tf.gather(data["moment"], place) - start
        return chosen, Window(place, inside, item, moment, seed + _ROLES)

    def _permuted(self, step: Any, data: Mapping[str, Any]) -> Any:
        """Numbers of the step's windows, by a seeded permutation of the part."""
        windows = tf.size(data["user"], tf.int64)
        within = (step - data["first_step"]) * self.batch_size
        index = tf.range(self.batch_size, dtype=tf.int64) + within
        seed = tf.stack([tf.constant(self._seed, tf.int32), data["salt"]])
        shuffled = tf.random.experimental.index_shuffle(index, seed, windows - 1)
        return tf.cast(shuffled, tf.int32)

    def _earlier(self, step: Any, data: Mapping[str, Any]) -> Any:
        def rows(back: int) -> Any:
            """Items of the windows of an earlier step of the part; of the part's first at least."""
            _, window = self._windows(tf.maximum(step - back, data["first_step"]), data)
            return tf.reshape(window.item, [-1])

        return rows

    def _history(self, window: Window, roles: Roles, data: Mapping[str, Any]) -> dict[str, Any]:
        """Items out of the vocabulary become 0, as the encoder drops them."""
        length = self._spec.history.length
        if length == 0:
            return {}
        kept = roles.history & (window.item[:, :length] < self._known_items)
        place = window.place[:, :length]
        history = {HISTORY: tf.where(kept, window.item[:, :length], 0)}
        if self._spec.history.num_types:
            types = tf.gather(data["type"], place) + FIRST_ROW
            history[TYPE] = tf.where(kept, types, 0)
        if self._spec.history.num_gaps:
            history[GAP] = tf.where(kept, _gaps(window, data["seconds"])[:, :length], 0)
        return history


def _gaps(window: Window, seconds: Any) -> Any:
    """Ids of the time from each event of a window to the next: int32 [B, M]."""
    times = tf.where(window.inside, tf.gather(seconds, window.place), -1)
    following = tf.pad(times[:, 1:], [[0, 0], [0, 1]], constant_values=-1)
    return gap_ids(times, following)


def _sampler(config: RetrievalConfig, counts: NDArray[np.int64], num_users: int) -> Sampler:
    chosen = config.negatives
    options = plugins.parse_options("negatives", chosen.type, chosen.options)
    sampler: Sampler = plugins.load("negatives", chosen.type).sampler(
        options, Popularity(counts, num_users)
    )
    return sampler


def _constants(
    spec: FeatureSpec, columns: Mapping[str, NDArray[Any]], table: Any
) -> dict[str, Any]:
    return {f.name: tf.constant(columns[f.name]) for f in spec.select("retrieval", table)}


def _context(data: Mapping[str, Any]) -> dict[str, Any]:
    return {n.removeprefix(CONTEXT): c for n, c in data.items() if n.startswith(CONTEXT)}


def _gather(columns: Mapping[str, Any], rows: Any) -> dict[str, Any]:
    return {name: tf.gather(column, rows) for name, column in columns.items()}
