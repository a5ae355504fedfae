"""What the ranker reads of a candidate and the request together, as graph operations.

The same module runs in training and inside the exported ranking model.

Legend: Q requests, G candidates of each, K candidates of a retrieved list, L history length,
M ids of a feature, N items with an id, S statistics, W pair features.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tfrs_models.backend import tf
from tfrs_models.data.statistics import STATISTICS
from tfrs_models.features.history import GAP, HISTORY
from tfrs_models.features.spec import FeatureSpec, FittedFeature

PAIRS = "pairs"
"""Name of the pair features among the inputs of the ranking model."""
BUCKETS = 4_096
"""Ids of a feature are counted modulo this, so that a wide vocabulary costs no more memory."""

_SHARE_SCALE = 1e4
_SECONDS_A_DAY = 86_400.0
_NEVER = -12.0
_RETRIEVAL = ("retrieval_standard", "retrieval_score", "retrieval_rank")


class Retrieved(NamedTuple):
    """What the retrieval says of a candidate, float32 [Q, G] each.

    Attributes:
        standard: score in standard deviations of its list, 0 at the list's mean.
        score: inner product of query and candidate.
        rank: place in its list from 0; the list's length for a candidate outside it.
    """

    standard: Any
    score: Any
    rank: Any


def of_list(scores: Any, inside: Any) -> Retrieved:
    """The retrieval's part of candidates, some of which make up the retrieved list.

    Args:
        scores: float32 [Q, G].
        inside: bool [Q, G], whether a candidate stands in the list; the others are placed by it.
    """
    weights = tf.cast(inside, tf.float32)
    number = tf.maximum(tf.reduce_sum(weights, axis=1, keepdims=True), 1.0)
    listed = tf.where(inside, scores, 0.0)
    mean = tf.reduce_sum(listed, axis=1, keepdims=True) / number
    squares = tf.reduce_sum(weights * tf.square(listed - mean), axis=1, keepdims=True)
    deviation = tf.sqrt(squares / number) + 1e-6
    order = tf.argsort(tf.where(inside, scores, -np.inf), axis=1, direction="DESCENDING")
    places = tf.cast(tf.argsort(order, axis=1), tf.float32)
    return Retrieved((scores - mean) / deviation, scores, tf.where(inside, places, number))


class PairFeatures(tf.Module):  # type: ignore[misc]  # TensorFlow has no types
    """Popularity, its trend, affinity, recency and price against the usual, for each candidate.

    For every feature of items that encodes to ids (the item's own id among them): the share of the
    history that has the candidate's value, weighted by how rare the value is, and, where the
    history carries times, how long ago the last such item was. For every number: the candidate's
    minus the mean of the history.

    Args:
        spec: the features.
        items: encoded item features by name, of at least the items with an id.
    """

    def __init__(self, spec: FeatureSpec, items: Mapping[str, NDArray[Any]]) -> None:
        super().__init__(name="pair_features")
        self._history = spec.history.length > 0
        self._times = self._history and spec.history.time_gaps
        seen = spec.table("item")
        self._ids = [f for f in seen if f.output.kind == "ids"] if self._history else []
        self._numbers = [f for f in seen if f.type == "numeric"] if self._history else []
        known = spec.num_item_ids
        self._catalogue = {
            f.name: tf.Variable(items[f.name][:known], trainable=False, name=f"catalogue/{f.name}")
            for f in (*self._ids, *self._numbers)
        }
        self._rarity = {f.name: _rarity(items[f.name][:known]) for f in self._ids}
        self.names = tuple(self._names())

    @property
    def item_names(self) -> list[str]:
        """Item features that are read of a candidate."""
        return [f.name for f in (*self._ids, *self._numbers)]

    def _names(self) -> Iterator[str]:
        yield from _RETRIEVAL
        yield from STATISTICS
        yield from ("trend_week", "trend_month")
        yield from (f"affinity_{f.name}" for f in self._ids)
        yield from (f"since_{f.name}" for f in self._ids if self._times)
        yield from (f"difference_{f.name}" for f in self._numbers)
        yield from ("history_length",) if self._history else ()
        yield from ("since_last_event",) if self._times else ()

    def __call__(
        self,
        query: Mapping[str, Any],
        items: Mapping[str, Any],
        statistics: Any,
        retrieved: Retrieved,
    ) -> Any:
        """The pair features float32 [Q, G, W], in the order of `names`.

        Args:
            query: encoded history of the requests, [Q, L] by name.
            items: encoded item features of the candidates, [Q, G, M] by name.
            statistics: float32 [Q, G, S], see `tfrs_models.data.statistics`.
            retrieved: what the retrieval says.
        """
        columns = [retrieved.standard, retrieved.score, tf.math.log1p(retrieved.rank)]
        columns += _of_statistics(statistics)
        if self._history:
            columns += self._of_history(query, items)
        return tf.stack(columns, axis=-1)

    def _of_history(self, query: Mapping[str, Any], items: Mapping[str, Any]) -> list[Any]:
        history = query[HISTORY]
        present = history > 0
        number = tf.reduce_sum(tf.cast(present, tf.float32), axis=1)
        ages = _log_days(query[GAP], present) if self._times else None
        columns = [self._affinity(f, history, number, items) for f in self._ids]
        if ages is not None:
            columns += [self._recency(f, history, ages, items) for f in self._ids]
        columns += [self._difference(f, history, present, number, items) for f in self._numbers]
        columns.append(_like(tf.math.log1p(number), columns[0]))
        if ages is not None:
            latest = tf.reduce_min(tf.where(present, ages, -_NEVER), axis=1)
            columns.append(_like(latest, columns[0]))
        return columns

    def _affinity(self, feature: FittedFeature, history: Any, number: Any, items: Any) -> Any:
        owners, buckets, real = self._values(feature, history)
        shape = [tf.shape(history)[0] * BUCKETS]
        counts = tf.math.unsorted_segment_sum(
            tf.cast(real, tf.float32), owners * BUCKETS + buckets, shape[0]
        )
        profile = tf.reshape(counts, [-1, BUCKETS]) / tf.maximum(number, 1.0)[:, tf.newaxis]
        wanted, known = _buckets(items[feature.name])
        found = tf.gather(profile, wanted, batch_dims=1)
        rarity = tf.gather(self._rarity[feature.name], wanted)
        return _mean_where(tf.sqrt(found) * rarity, known)

    def _recency(self, feature: FittedFeature, history: Any, ages: Any, items: Any) -> Any:
        """Minus the logarithm of the days since the last item with one of the values."""
        owners, buckets, real = self._values(feature, history)
        width = self._catalogue[feature.name].shape[1]
        recent = tf.where(real, tf.reshape(tf.repeat(-ages, width, axis=1), [-1]), _NEVER)
        latest = tf.math.unsorted_segment_max(
            recent, owners * BUCKETS + buckets, tf.shape(history)[0] * BUCKETS
        )
        latest = tf.maximum(tf.reshape(latest, [-1, BUCKETS]), _NEVER)
        wanted, known = _buckets(items[feature.name])
        found = tf.gather(latest, wanted, batch_dims=1)
        return tf.reduce_max(tf.where(known, found, _NEVER), axis=-1)

    def _values(self, feature: FittedFeature, history: Any) -> tuple[Any, Any, Any]:
        """Owner, bucket and whether it counts, of each value of the history's items: [Q L M]."""
        table = self._catalogue[feature.name]
        buckets, real = _buckets(tf.gather(table, history))
        owners = tf.range(tf.shape(history)[0])[:, tf.newaxis, tf.newaxis]
        real &= history[:, :, tf.newaxis] > 0
        owners = tf.broadcast_to(owners, tf.shape(buckets))
        return tf.reshape(owners, [-1]), tf.reshape(buckets, [-1]), tf.reshape(real, [-1])

    def _difference(
        self, feature: FittedFeature, history: Any, present: Any, number: Any, items: Any
    ) -> Any:
        values = tf.gather(self._catalogue[feature.name][:, 0], history)
        total = tf.reduce_sum(tf.where(present, values, 0.0), axis=1)
        usual = total / tf.maximum(number, 1.0)
        difference = items[feature.name][..., 0] - usual[:, tf.newaxis]
        return tf.where((number > 0)[:, tf.newaxis], difference, 0.0)


def _of_statistics(statistics: Any) -> list[Any]:
    """Logarithms of counts, shares and days, and the trends: what changes between windows."""
    at = {name: statistics[..., place] for place, name in enumerate(STATISTICS)}
    columns = {name: tf.math.log1p(tf.maximum(value, -0.5)) for name, value in at.items()}
    for name in STATISTICS:
        if name.startswith("share"):
            columns[name] = tf.math.log1p(_SHARE_SCALE * at[name])
    week = columns["events_7d"] - columns["events_30d"]
    month = columns["events_30d"] - columns["events"]
    return [*columns.values(), week, month]


def _buckets(ids: Any) -> tuple[Any, Any]:
    """Bucket of each id, and whether it is a known value."""
    return tf.math.floormod(ids, BUCKETS), ids > 1


def _mean_where(values: Any, known: Any) -> Any:
    weights = tf.cast(known, tf.float32)
    return tf.math.divide_no_nan(
        tf.reduce_sum(values * weights, axis=-1), tf.reduce_sum(weights, axis=-1)
    )


def _like(of_query: Any, of_pairs: Any) -> Any:
    return tf.broadcast_to(of_query[:, tf.newaxis], tf.shape(of_pairs))


def _log_days(gaps: Any, present: Any) -> Any:
    """log(1 + days) from each event to the request, to a factor of 2: float32 [Q, L].

    A gap's id is the logarithm of its seconds; ages are the sums of the gaps that follow.
    """
    seconds = tf.where(present & (gaps > 1), tf.pow(2.0, tf.cast(gaps, tf.float32) - 1.5), 0.0)
    return tf.math.log1p(tf.cumsum(seconds, axis=1, reverse=True) / _SECONDS_A_DAY)


def _rarity(ids: NDArray[np.int32]) -> Any:
    """log(N / items with the value) of each bucket: float32 [BUCKETS], at least 0.1."""
    rows, columns = np.nonzero(ids > 1)
    having = np.bincount(ids[rows, columns] % BUCKETS, minlength=BUCKETS)
    rarity = np.log(max(len(ids), 2) / (1.0 + having))
    return tf.constant(np.maximum(rarity, 0.1), tf.float32)
