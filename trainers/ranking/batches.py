"""Lists of the ranking stage: positives, each with negatives of the same request.

Legend: R requests of all windows, P candidates of a pool, W pair features, L lists of a
batch, G candidates of a list.
"""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from configs.ranking import RankingConfig
from tfrs_models.backend import tf
from tfrs_models.data.dataset import FIRST_ROW, UNKNOWN_ROW
from tfrs_models.features.pairs import PAIRS, PairFeatures, Retrieved
from tfrs_models.features.ranking_encoder import RankingEncoder
from tfrs_models.models.wide_deep import POSITION
from trainers.passes import passes
from trainers.ranking.requests import Requests
from trainers.ranking.windows import Window

_FIELDS = ("items", "labels", "positive", POSITION)
_RETRIEVED = ("standard", "scores", "ranks")
_BLOCK = 256


class Pools:
    """The pools of several windows as tensors, and the inputs of any of their pairs.

    Pair features are computed once: R P W numbers of 4 bytes.

    Args:
        windows: the windows.
        requests: of each window.
        encoder: adds pair features and crosses.
    """

    def __init__(
        self, windows: Sequence[Window], requests: Sequence[Requests], encoder: RankingEncoder
    ) -> None:
        self._encoder = encoder
        self.arrays = {
            name: np.concatenate([getattr(part, name) for part in requests]) for name in _FIELDS
        }
        self._tensors = {name: tf.constant(array) for name, array in self.arrays.items()}
        names = requests[0].columns
        columns = {n: np.concatenate([part.columns[n] for part in requests]) for n in names}
        self._columns = {name: tf.constant(column) for name, column in columns.items()}
        window = np.repeat(np.arange(len(windows)), [len(part) for part in requests])
        self._window = tf.constant(window, tf.int32)
        known = [w.material.encoded.item["item_id"][:, 0] != UNKNOWN_ROW for w in windows]
        self._known = tf.constant(np.stack(known))
        items = windows[-1].material.encoded.item
        self._items = {name: tf.constant(np.asarray(items[name])) for name in encoder.item_names}
        self.retrieved = requests[0].retrieved
        found = [pair_features(w, r, encoder.pairs) for w, r in zip(windows, requests, strict=True)]
        self._tensors[PAIRS] = tf.concat(found, axis=0)

    def __len__(self) -> int:
        return len(self.arrays["items"])

    def pick(self, name: str, owners: Any, places: Any) -> Any:
        """Values of some places [L, G] of the pools of requests [L]: [L, G, ...]."""
        return tf.gather_nd(self._tensors[name], _cells(owners, places))

    def inputs(self, owners: Any, places: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Query and candidate inputs of `WideDeep.logits`.

        Args:
            owners: int32 [L], requests.
            places: int32 [L, G], places of their pools.
        """
        query = {name: tf.gather(column, owners) for name, column in self._columns.items()}
        rows = self.pick("items", owners, places)
        items = {name: tf.gather(column, rows) for name, column in self._items.items()}
        # An id that the retrieval of that time had not learned was a new item then.
        cells = _cells(tf.gather(self._window, owners), rows)
        unknown = ~tf.gather_nd(self._known, cells) & (rows >= FIRST_ROW)
        items["item_id"] = tf.where(unknown[..., tf.newaxis], UNKNOWN_ROW, items["item_id"])
        pairs = self.pick(PAIRS, owners, places)
        return query, self._encoder.candidates(query, items, pairs)


def _cells(rows: Any, columns: Any) -> Any:
    """Indices [L, G, 2] of columns [L, G] of rows [L]."""
    return tf.stack([tf.broadcast_to(rows[:, tf.newaxis], tf.shape(columns)), columns], axis=-1)


def pair_features(window: Window, requests: Requests, features: PairFeatures) -> Any:
    """The pair features of the pools of one window: float32 [Q, P, W]."""
    encoded = window.material.encoded.item
    items = {name: tf.constant(np.asarray(encoded[name])) for name in features.item_names}
    statistics = tf.constant(window.statistics)
    history = {
        n: c for n, c in requests.columns.items() if n in window.material.spec.history.names()
    }
    columns = {**history, **{name: getattr(requests, name) for name in _RETRIEVED}}

    def compute(rows: Any, block: Mapping[str, Any]) -> Any:
        found = {name: tf.gather(column, rows) for name, column in items.items()}
        retrieved = Retrieved(*(block[name] for name in _RETRIEVED))
        return features(block, found, tf.gather(statistics, rows), retrieved)

    given = {n: tf.TensorSpec([None, *c.shape[1:]], c.dtype) for n, c in columns.items()}
    rows = tf.TensorSpec([None, requests.items.shape[1]], tf.int32)
    compiled = tf.function(compute, input_signature=[rows, given], autograph=False)
    blocks = []
    for start in range(0, len(requests), _BLOCK):
        block = slice(start, start + _BLOCK)
        part = {name: tf.constant(column[block]) for name, column in columns.items()}
        blocks.append(compiled(tf.constant(requests.items[block]), part))
    return tf.concat(blocks, axis=0)


class RankingBatches:
    """Draws positives in a seeded order, each with its negatives.

    A retrieved candidate that was drawn stands for all of its list, a shown one for all that were
    shown, a random one for itself alone: nobody will ever be asked to rank it.

    Args:
        pools: the candidates of the requests.
        config: the ranking stage.
        seed: seed of order, negatives and dropout.
    """

    def __init__(self, pools: Pools, config: RankingConfig, seed: int) -> None:
        self._pools = pools
        self._config = config
        self._seed = seed
        owner, place = np.nonzero(pools.arrays["positive"])
        training = config.training
        self.passes = passes(len(owner), training.batch_size, training.accumulate_batches, seed)
        self.num_examples = self.passes.examples
        self.steps_per_epoch = self.passes.steps_per_epoch
        self._owner = tf.constant(owner, tf.int32)
        self._place = tf.constant(place, tf.int32)
        self._positives = tf.constant(pools.arrays["positive"].sum(axis=1), tf.float32)
        self._groups = _groups(pools, config)
        self.variables: list[Any] = []

    def data(self, step: int) -> tuple[dict[str, Any], int]:  # noqa: ARG002 - see `loop.Batches`
        """Nothing but what is held here, at every step."""
        return {}, sys.maxsize

    def batch(self, step: Any, data: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """The batch of a step: see `WideDeep.compute_loss`."""
        seed = tf.stack([tf.constant(self._seed, tf.int32), tf.cast(step, tf.int32)]) * 1024
        units = self.passes.places(step)
        owner, first = tf.gather(self._owner, units), tf.gather(self._place, units)
        places = [first[:, tf.newaxis]]
        stands_for = [tf.ones_like(places[0], tf.float32)]
        for number, group in enumerate(self._groups):
            drawn, weight = group.draw(owner, seed + number + 1)
            places.append(drawn)
            stands_for.append(weight)
        chosen = tf.concat(places, axis=1)
        query, candidates = self._pools.inputs(owner, chosen)
        position = self._pools.pick(POSITION, owner, chosen)
        return {
            "query": query,
            "candidates": {**candidates, POSITION: tf.reshape(position, [-1])},
            "labels": self._pools.pick("labels", owner, chosen),
            "usable": self._usable(owner, chosen),
            "stands_for": tf.concat(stands_for, axis=1),
            "positives": tf.gather(self._positives, owner),
            "seed": seed + 512,
        }

    def _usable(self, owner: Any, places: Any) -> Any:
        """The positive that a list was drawn for, and every place that holds no positive."""
        real = self._pools.pick("items", owner, places) > 0
        negative = ~self._pools.pick("positive", owner, places)
        first = tf.range(tf.shape(places)[1]) == 0
        return real & (negative | first)


class _Group:
    """Places of the pools from which negatives are drawn.

    Args:
        start: the first place.
        counts: int [R], how many places are filled, from the first.
        number: how many are drawn for a positive.
        stands_for: float [R], candidates that each drawn one stands for.
    """

    def __init__(
        self, start: int, counts: NDArray[np.int64], number: int, stands_for: NDArray[np.float32]
    ) -> None:
        self._start = start
        self._counts = tf.constant(np.maximum(counts, 1), tf.float32)
        self._number = number
        self._stands_for = tf.constant(stands_for, tf.float32)

    def draw(self, owner: Any, seed: Any) -> tuple[Any, Any]:
        """Places int32 [L, number] and what they stand for, float32 of the same shape."""
        shape = (tf.shape(owner)[0], self._number)
        counts = tf.gather(self._counts, owner)[:, tf.newaxis]
        uniform = tf.random.stateless_uniform(shape, seed)
        place = tf.minimum(tf.floor(uniform * counts), counts - 1)
        weight = tf.gather(self._stands_for, owner)[:, tf.newaxis]
        return tf.cast(place, tf.int32) + self._start, tf.broadcast_to(weight, shape)


def _groups(pools: Pools, config: RankingConfig) -> list[_Group]:
    filled = pools.arrays["items"] > 0
    width = filled.shape[1]
    retrieved, random = pools.retrieved, config.random_negatives
    groups = []
    for start, stop, number in (
        (0, retrieved, config.retrieved_negatives),
        (retrieved, width - random, config.shown_negatives),
    ):
        if number:
            counts = filled[:, start:stop].sum(axis=1)
            groups.append(_Group(start, counts, number, (counts / number).astype(np.float32)))
    if random:
        ones = np.ones(len(filled), np.float32)
        counts = np.full(len(filled), random)
        groups.append(_Group(width - random, counts, random, ones))
    return groups
