"""What a system achieves where it knows little: new items, and users asked as if they were new."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tfrs_models.data.dataset import UNKNOWN_ROW
from tfrs_models.evaluation.intervals import Bootstrap
from tfrs_models.evaluation.metrics_file import shown_k
from tfrs_models.evaluation.queries import Queries, sample
from tfrs_models.evaluation.report import SliceResult, SystemResult, measure
from tfrs_models.evaluation.slices import Slice

HISTORY_LENGTHS = (0, 1, 3, 10)
"""Events that a system is told of a new user."""
MAX_USERS = 1_000
"""Users asked at each length: more would cost time and narrow the intervals little."""
METRICS = ("recall", "ndcg")
"""What is measured, at one k."""

Rank = Callable[[Queries], NDArray[np.int32]]
"""Q queries -> int32 [Q, K], item rows, best first; 0 is no item."""


def as_new_users(queries: Queries, seed: int) -> Queries:
    """The users of some queries, asked as if they were new: all of them at each length in turn.

    Their id and features are unknown, and of their history only the latest events are left. Targets
    and seen items stay, so that nothing changes but what a system is told. Only users whose history
    has the largest of `HISTORY_LENGTHS` take part, so the lengths compare.

    Args:
        queries: the queries.
        seed: seed of the sample where there are more than `MAX_USERS`.

    Returns:
        `len(HISTORY_LENGTHS)` times U queries.
    """
    long_enough = np.flatnonzero(queries.history.lengths >= max(HISTORY_LENGTHS))
    users = sample(queries.take(long_enough), MAX_USERS, seed)
    asked = users.take(np.tile(np.arange(len(users)), len(HISTORY_LENGTHS)))
    limits = np.repeat(HISTORY_LENGTHS, len(users))
    return replace(
        asked,
        user=np.full_like(asked.user, UNKNOWN_ROW),
        history=asked.history.latest(limits),
        events=asked.events.latest(limits),
    )


def with_cold_start(result: SystemResult, rank: Rank, new_users: Queries) -> SystemResult:
    """The result of a system, with what it achieves for new items and new users.

    Args:
        result: tells of the new items.
        rank: the system; it is not asked when there are no new users.
        new_users: of `as_new_users`.
    """
    k = shown_k([result])
    lists = rank(new_users) if len(new_users) else np.zeros((0, k), np.int32)
    measured = {
        "new_items": result.slices["new_items"],
        **_by_length(lists, new_users, k, result.bootstrap),
    }
    names = {f"{name}@{k}" for name in METRICS}
    return replace(result, cold_start={name: _only(part, names) for name, part in measured.items()})


def _by_length(
    lists: NDArray[np.int32], new_users: Queries, k: int, bootstrap: Bootstrap
) -> Mapping[str, SliceResult]:
    everyone = np.arange(len(new_users)).reshape(len(HISTORY_LENGTHS), -1)
    return {
        f"history_{length}": measure(
            Slice(f"history_{length}", rows, new_users.targets.take(rows)), lists, [k], bootstrap
        )
        for length, rows in zip(HISTORY_LENGTHS, everyone, strict=True)
    }


def _only(part: SliceResult, names: set[str]) -> SliceResult:
    kept = {name: interval for name, interval in part.intervals.items() if name in names}
    return SliceResult(part.queries, kept)
