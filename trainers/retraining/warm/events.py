"""From which events a model goes on learning that has learned the older ones before.

Legend: E events.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tfrs_models.data.dataset import PreparedDataset
from trainers.ranking.windows import LATER


def learned_again(
    dataset: PreparedDataset,
    fresh: NDArray[np.bool_],
    replay_share: float,
    recent: int,
    seed: int,
) -> PreparedDataset:
    """The dataset whose training events are those of users with fresh ones, and a replay.

    Of users with fresh events the latest `recent` stay too, and are history of fresh ones and
    targets again themselves. Fresh ones alone as targets lose recall, and so does a history before
    the first of very many fresh ones: docs/backtest.md has the figures.

    The replay is all events of other users, drawn at random until it is `replay_share` of the
    whole: forgetting shows in what is never repeated.

    Args:
        dataset: sorted by user and time.
        fresh: bool [E], events that the model has not learned; only training positives count.
        replay_share: below 1.
        recent: events of a user that one example can hold.
        seed: of the draw.
    """
    learned = dataset.events.learned
    kept = _of_active_users(dataset, learned, fresh & learned, recent)
    wanted = int(kept.sum() * replay_share / (1 - replay_share))
    kept |= _replay(dataset, learned, kept, wanted, seed)
    split = np.where(learned & ~kept, np.int8(LATER), dataset.events.split)
    return replace(dataset, events=replace(dataset.events, split=split))


def _of_active_users(
    dataset: PreparedDataset,
    learned: NDArray[np.bool_],
    fresh: NDArray[np.bool_],
    recent: int,
) -> NDArray[np.bool_]:
    """The fresh events, and the latest ones of their users: bool [E]."""
    user = dataset.events.user
    totals = np.bincount(user[learned], minlength=dataset.num_users)
    before: NDArray[np.int64] = np.cumsum(learned) - learned
    starts: NDArray[np.int64] = np.repeat(before[_first(dataset)], np.diff(dataset.offsets))
    place_from_end = totals[user] - (before - starts)  # 1 is the user's latest
    active = np.bincount(user[fresh], minlength=dataset.num_users) > 0
    kept: NDArray[np.bool_] = fresh | (learned & active[user] & (place_from_end <= recent))
    return kept


def _first(dataset: PreparedDataset) -> NDArray[np.int64]:
    """The first event of each user; of users without any, one that is never asked for."""
    return np.minimum(dataset.offsets[:-1], max(len(dataset.events) - 1, 0))


def _replay(
    dataset: PreparedDataset,
    learned: NDArray[np.bool_],
    kept: NDArray[np.bool_],
    wanted: int,
    seed: int,
) -> NDArray[np.bool_]:
    """All events of users drawn from those without kept ones, about `wanted` of them: bool [E]."""
    user = dataset.events.user
    counts = np.bincount(user[learned], minlength=dataset.num_users)
    counts[user[kept]] = 0
    others = np.random.default_rng(seed).permutation(np.flatnonzero(counts))
    number = int(np.searchsorted(np.cumsum(counts[others]), wanted, side="right"))
    drawn = np.zeros(dataset.num_users, np.bool_)
    drawn[others[:number]] = True
    replayed: NDArray[np.bool_] = learned & drawn[user]
    return replayed
