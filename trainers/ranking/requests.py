"""The requests of a window: what the retrieval returned then, what was shown, what came of it.

Legend: Q requests, K retrieved candidates, P candidates of a pool, T tasks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from configs.plugins import parse_options
from configs.ranking import RankingConfig
from tfrs_models.data.dataset import VALIDATION
from tfrs_models.data.times import HOUR
from tfrs_models.evaluation.queries import Queries, build_queries
from tfrs_models.features.pairs import Retrieved, of_list
from tfrs_models.labels._touched import Touched, label, touched
from tfrs_models.models.two_tower import TwoTower
from trainers.ranking.windows import Window
from trainers.retrieval import (
    candidate_embeddings,
    query_embeddings,
    query_inputs,
    search_among,
)


@dataclass(frozen=True)
class Requests:
    """Requests with a pool of candidates each.

    The pool holds the retrieved list, then what was shown in vain, then random items; empty places
    are item 0.

    Attributes:
        queries: the requests.
        columns: encoded user, context and history, [Q, ...] by name.
        items: int32 [Q, P], item rows.
        standard: float32 [Q, P], retrieval score in standard deviations of the list.
        scores: float32 [Q, P], retrieval score.
        ranks: float32 [Q, P], place in the list; K outside it.
        labels: float32 [Q, P, T]; NaN where a label is not known.
        positive: bool [Q, P], whether the user took the item in the window.
        position: int32 [Q, P], place at which the item was shown; -1 for none.
        retrieved: K, places of the retrieved list.
    """

    queries: Queries
    columns: Mapping[str, NDArray[Any]]
    items: NDArray[np.int32]
    standard: NDArray[np.float32]
    scores: NDArray[np.float32]
    ranks: NDArray[np.float32]
    labels: NDArray[np.float32]
    positive: NDArray[np.bool_]
    position: NDArray[np.int32]
    retrieved: int

    def __len__(self) -> int:
        return len(self.items)

    @property
    def lists(self) -> NDArray[np.int32]:
        """The retrieved lists, best first: int32 [Q, K]."""
        return self.items[:, : self.retrieved]

    def take(self, rows: NDArray[np.intp]) -> "Requests":
        """Chosen requests, in the order given."""
        arrays = (f.name for f in fields(self) if isinstance(getattr(self, f.name), np.ndarray))
        return replace(
            self,
            queries=self.queries.take(rows),
            columns={name: column[rows] for name, column in self.columns.items()},
            **{name: getattr(self, name)[rows] for name in arrays},
        )


def window_requests(model: TwoTower, window: Window, k: int) -> Requests:
    """The requests of a window with what the retrieval of that time returns for them.

    Args:
        model: a retrieval model that knows nothing from the window on.
        window: the window.
        k: K, length of the lists.
    """
    return requests_for(model, window, window_queries(window), k, extra=True)


def window_queries(window: Window) -> Queries:
    """Who asks in a window; there may be nobody."""
    config, dataset = window.material.config, window.material.dataset
    limited = config.evaluation.model_copy(update={"max_users": config.ranking.max_requests})
    return build_queries(dataset, VALIDATION, limited, config.seed)


def requests_for(
    model: TwoTower, window: Window, queries: Queries, k: int, extra: bool
) -> Requests:
    """The same for given queries of the window.

    Args:
        model: the retrieval model.
        window: the window.
        queries: the queries.
        k: K, length of the lists.
        extra: whether the pools hold shown and random items too.
    """
    material = window.material
    of_queries = query_embeddings(model, material, queries)
    of_candidates = candidate_embeddings(model, material)
    lists = search_among(window.listed, of_queries, of_candidates, material, queries, k)
    found = _touched(window)
    config = material.config.ranking
    pool = [lists]
    if extra:
        pool += _extra(window, queries, found, lists, config, material.config.seed)
    items = np.concatenate(pool, axis=1)
    places = _places(found, queries, items)
    scores = _scores(of_queries, of_candidates, items)
    retrieved = retrieved_columns(scores, items, lists.shape[1])
    return Requests(
        queries=queries,
        columns=query_inputs(material, queries, "ranking"),
        items=items,
        standard=retrieved.standard,
        scores=retrieved.score,
        ranks=retrieved.rank,
        labels=_labels(window, found, places, items),
        positive=_of_touched(_is_positive(window, found), places, False),
        position=_of_touched(_positions(window, found), places, -1),
        retrieved=lists.shape[1],
    )


def retrieved_columns(
    scores: NDArray[np.float32], items: NDArray[np.int32], retrieved: int
) -> Retrieved:
    """What the retrieval says of pools [Q, P] that begin with the retrieved list, as arrays."""
    inside = (items > 0) & (np.arange(items.shape[1]) < retrieved)
    standard, score, ranks = (np.asarray(column) for column in of_list(scores, inside))
    standard = np.where(items > 0, standard, 0.0).astype(np.float32)
    return Retrieved(standard, score, ranks)


def _touched(window: Window) -> Touched:
    dataset = window.material.dataset
    inside = (dataset.events.split == VALIDATION) & ~_undecided(window)
    return touched(dataset, np.flatnonzero(inside), window.end)


def _undecided(window: Window) -> NDArray[np.bool_]:
    """Events without interest so late that interest may still have come after the window."""
    events = window.material.dataset.events
    hours = window.material.config.ranking.attribution_hours
    late = (events.time >= window.end - hours * HOUR) & (events.time < window.end)
    undecided: NDArray[np.bool_] = (events.weight <= 0) & late
    return undecided


def _extra(
    window: Window,
    queries: Queries,
    found: Touched,
    lists: NDArray[np.int32],
    config: RankingConfig,
    seed: int,
) -> list[NDArray[np.int32]]:
    """What was shown outside the list, positives first, and random items of the catalogue."""
    extra = []
    random = np.random.default_rng((seed, window.start))
    if config.shown_negatives:
        extra.append(_shown(window, queries, found, lists, config.shown_negatives, random))
    if config.random_negatives:
        listed = np.flatnonzero(window.listed)
        drawn = random.choice(listed, (len(queries), config.random_negatives)).astype(np.int32)
        seen = np.isin(_keys(queries.user, drawn), _left_out(window, queries))
        extra.append(np.where(seen, np.int32(0), drawn))
    return extra


_SHOWN_A_DRAW = 4
"""Shown candidates kept of each request, for each one that a list draws."""


def _shown(
    window: Window,
    queries: Queries,
    found: Touched,
    lists: NDArray[np.int32],
    number: int,
    random: np.random.Generator,
) -> NDArray[np.int32]:
    owner = np.searchsorted(queries.user, found.user)
    mine = (owner < len(queries)) & (queries.user[owner.clip(max=len(queries) - 1)] == found.user)
    outside = ~np.isin(_pair(found.user, found.item), _keys(queries.user, lists))
    seen = np.isin(_pair(found.user, found.item), _left_out(window, queries))
    pairs = np.flatnonzero(mine & outside & ~seen & window.listed[found.item])
    # At random among the pairs of a user, and those that were taken before all others.
    order = np.lexsort(
        (random.random(len(pairs)), ~_is_positive(window, found)[pairs], owner[pairs])
    )
    pairs = pairs[order]
    first = np.searchsorted(owner[pairs], np.arange(len(queries)))
    place = np.arange(len(pairs)) - first[owner[pairs]]
    kept = place < _SHOWN_A_DRAW * number
    shown = np.zeros((len(queries), _SHOWN_A_DRAW * number), np.int32)
    shown[owner[pairs[kept]], place[kept]] = found.item[pairs[kept]]
    return shown


def _pair(user: NDArray[np.int32], item: NDArray[np.int32]) -> NDArray[np.int64]:
    return (user.astype(np.int64) << 32) | item.astype(np.int64)


def _keys(user: NDArray[np.int32], items: NDArray[np.int32]) -> NDArray[np.int64]:
    return _pair(user[:, np.newaxis], items)


def _left_out(window: Window, queries: Queries) -> NDArray[np.int64]:
    """Pairs of users and items that no list holds."""
    if not window.material.config.evaluation.exclude_seen:
        return np.zeros(0, np.int64)
    return _pair(queries.user[queries.seen.owners], queries.seen.items)


def _places(found: Touched, queries: Queries, items: NDArray[np.int32]) -> NDArray[np.int64]:
    """Place of each candidate among the touched pairs: int64 [Q, P], -1 for an untouched one."""
    if not len(found):
        return np.full(items.shape, -1, np.int64)
    keys, wanted = _pair(found.user, found.item), _keys(queries.user, items)
    place = np.searchsorted(keys, wanted).clip(max=len(keys) - 1)
    return np.where(keys[place] == wanted, place, -1)


def _of_touched(values: NDArray[Any], places: NDArray[np.int64], otherwise: Any) -> NDArray[Any]:
    if not len(values):
        return np.full(places.shape, otherwise, values.dtype)
    return np.where(places >= 0, values[places], np.asarray(otherwise, values.dtype))


def _labels(
    window: Window, found: Touched, places: NDArray[np.int64], items: NDArray[np.int32]
) -> NDArray[np.float32]:
    dataset = window.material.dataset
    columns = []
    for task in window.material.config.ranking.tasks.values():
        options = parse_options("label", task.label.type, task.label.options)
        chosen = label(task.label.type)
        values = chosen.labels(options, dataset, found) if len(found) else np.zeros(0, np.float32)
        columns.append(_of_touched(values, places, chosen.UNTOUCHED))
    stacked = np.stack(columns, axis=-1).astype(np.float32)
    stacked[items == 0] = np.nan
    return stacked


def _is_positive(window: Window, found: Touched) -> NDArray[np.bool_]:
    if not len(found):
        return np.zeros(0, np.bool_)
    return found.largest(window.material.dataset.events.weight[found.events]) > 0


def _positions(window: Window, found: Touched) -> NDArray[np.int32]:
    if not len(found):
        return np.zeros(0, np.int32)
    positions = window.material.dataset.events.position[found.events]
    return found.largest(positions).astype(np.int32)


def _scores(
    of_queries: NDArray[np.float32],
    of_candidates: NDArray[np.float32],
    items: NDArray[np.int32],
) -> NDArray[np.float32]:
    """Retrieval scores of the pools: float32 [Q, P], the nearest of several interests counts."""
    interests = of_queries.reshape(len(of_queries), -1, of_queries.shape[-1])
    scores = np.empty(items.shape, np.float32)
    for row in range(len(items)):  # the vectors of all pools at once would not fit into memory
        scores[row] = (of_candidates[items[row]] @ interests[row].T).max(axis=1)
    return scores
