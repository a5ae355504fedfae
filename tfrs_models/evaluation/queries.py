"""Who is asked, what was known about them then, and what they took later."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from configs.evaluation import EvaluationConfig
from tfrs_models.data.dataset import PreparedDataset
from tfrs_models.metrics.rows import Rows, contains, distinct


@dataclass(frozen=True)
class Queries:
    """One query for each user with a target.

    Attributes:
        user: int32 [Q], rows of the users table, ascending.
        history: positives of earlier splits, oldest first, repeats kept.
        events: rows of the events of the history, in the same order.
        seen: the distinct items that the user took before, ascending: those of the history, which
            lists leave out.
        targets: distinct positives of the evaluated split, ascending, at least one a row.
        time: int64 [Q], microseconds since 1970-01-01 UTC of the first target event.
        event: int64 [Q], row of that event: the context of the request.
    """

    user: NDArray[np.int32]
    history: Rows
    events: Rows
    seen: Rows
    targets: Rows
    time: NDArray[np.int64]
    event: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.user)

    def take(self, rows: NDArray[np.intp]) -> "Queries":
        """Chosen queries, in the order given."""
        return Queries(
            self.user[rows],
            self.history.take(rows),
            self.events.take(rows),
            self.seen.take(rows),
            self.targets.take(rows),
            self.time[rows],
            self.event[rows],
        )

    def then(self, more: "Queries") -> "Queries":
        """These queries and then others, whose users need not ascend."""
        return Queries(
            np.concatenate([self.user, more.user]),
            self.history.then(more.history),
            self.events.then(more.events),
            self.seen.then(more.seen),
            self.targets.then(more.targets),
            np.concatenate([self.time, more.time]),
            np.concatenate([self.event, more.event]),
        )


def build_queries(
    dataset: PreparedDataset, split: int, config: EvaluationConfig, seed: int
) -> Queries:
    """The queries of one split.

    A history holds the positives of all earlier splits, so the test queries know the validation
    events. With `config.exclude_seen` the items of the history are no targets. Users without a
    target are left out; with `config.max_users` a seeded sample of the rest is kept.

    Args:
        dataset: the prepared dataset.
        split: VALIDATION or TEST.
        config: the evaluation settings.
        seed: seed of the sample.
    """
    events = dataset.events
    width = np.int64(dataset.num_items)
    keys = events.user * width + events.item
    positive = events.weight > 0
    earlier = np.flatnonzero(positive & (events.split < split))
    seen = distinct(keys[earlier])
    evaluated = np.flatnonzero(positive & (events.split == split))
    if config.exclude_seen:
        evaluated = evaluated[~contains(seen, keys[evaluated])]
    user, first = np.unique(events.user[evaluated], return_index=True)
    queries = Queries(
        user=user,
        history=_rows_of(user, events.user[earlier], events.item[earlier]),
        events=_rows_of(user, events.user[earlier], earlier),
        seen=_rows_of(user, seen // width, seen % width),
        targets=_rows_of(user, *np.divmod(distinct(keys[evaluated]), width)),
        time=events.time[evaluated[first]],
        event=evaluated[first],
    )
    return queries if config.max_users is None else sample(queries, config.max_users, seed)


def training_queries(dataset: PreparedDataset, chosen: NDArray[np.intp]) -> Queries:
    """One query for each user of the chosen events, after all of them; nothing is a target.

    Args:
        dataset: the prepared dataset.
        chosen: rows of the events that are history, ascending.
    """
    events = dataset.events
    width = np.int64(dataset.num_items)
    user, first = np.unique(events.user[chosen], return_index=True)
    last = chosen[np.append(first[1:], len(chosen)) - 1]
    seen = distinct(events.user[chosen] * width + events.item[chosen])
    return Queries(
        user=user,
        history=_rows_of(user, events.user[chosen], events.item[chosen]),
        events=_rows_of(user, events.user[chosen], chosen),
        seen=_rows_of(user, seen // width, seen % width),
        targets=Rows(np.zeros(len(user) + 1, np.int64), np.zeros(0, np.int32)),
        time=events.time[last],
        event=last,
    )


def _rows_of(
    users: NDArray[np.int32], owners: NDArray[np.integer], items: NDArray[np.integer]
) -> Rows:
    """Rows of the given users; `users` and `owners` ascend."""
    indptr = np.searchsorted(owners, np.arange(users[-1] + 2 if len(users) else 1))
    return Rows(indptr.astype(np.int64), items.astype(np.int32)).take(users.astype(np.intp))


def sample(queries: Queries, size: int, seed: int) -> Queries:
    """At most `size` of the queries, in their order; which ones is drawn by the seed."""
    if size >= len(queries):
        return queries
    chosen = np.random.default_rng(seed).choice(len(queries), size, replace=False)
    return queries.take(np.sort(chosen))
