"""The clicks can be learned from: by taste, by neighbours, by content; and not by heart."""

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from tfrs_models.data.simulation import clock
from tfrs_models.data.simulation.ground_truth import click_probabilities
from tfrs_models.data.simulation.log import VIEW, Log
from tfrs_models.data.simulation.world import World

K = 20


@dataclass(frozen=True)
class Split:
    """Clicks before the last six days, [U, N] bool, and new ones of users with a history."""

    past: NDArray[np.bool_]
    future: NDArray[np.bool_]
    user: NDArray[np.int64]

    def recall(self, scores: NDArray[np.float64]) -> float:
        """Recall@20 of scores [Q, N] with the past left out."""
        masked = np.where(self.past[self.user], -np.inf, scores)
        top = np.argpartition(-masked, K, axis=1)[:, :K]
        target = self.future[self.user]
        return float((np.take_along_axis(target, top, 1).sum(1) / target.sum(1)).mean())


@pytest.fixture(scope="module")
def split(world: World, log: Log) -> Split:
    clicks = log.take(log.type == VIEW)
    late = clicks.time_us >= world.window[1] - 6 * clock.DAY
    past, future = np.zeros((2, 3000, 1500), dtype=bool)
    past[clicks.user[~late], clicks.item[~late]] = True
    future[clicks.user[late], clicks.item[late]] = True
    future &= ~past
    return Split(past, future, np.flatnonzero(future.any(axis=1) & past.any(axis=1)))


@pytest.fixture(scope="module")
def popular(split: Split) -> float:
    return split.recall(np.tile(split.past.sum(axis=0), (len(split.user), 1)))


def _item_knn(split: Split) -> NDArray[np.float64]:
    past = split.past.astype(np.float32)
    together = past.T @ past
    np.fill_diagonal(together, 0)
    norm = np.sqrt(np.maximum(past.sum(axis=0), 1))
    return np.asarray(past[split.user] @ (together / norm[:, None] / norm), dtype=np.float64)


def _content(world: World, split: Split) -> NDArray[np.float64]:
    items = world.catalogue
    words = np.hstack([np.eye(40)[items.category], 0.7 * np.eye(24)[items.adjective]])
    return np.asarray((split.past[split.user] @ words) @ words.T)


def test_popularity_beats_chance(split: Split, popular: float) -> None:
    assert popular > 3 * split.recall(np.random.default_rng(0).random((len(split.user), 1500)))


def test_the_oracle_beats_popularity_clearly(world: World, split: Split, popular: float) -> None:
    when = np.full(len(split.user), world.window[1] - 3 * clock.DAY)
    oracle = click_probabilities(world, split.user, when)
    oracle[:, world.catalogue.created_at > world.window[1]] = 0
    assert split.recall(oracle) > 1.8 * popular


def test_neighbours_beat_popularity_clearly(split: Split, popular: float) -> None:
    assert split.recall(_item_knn(split)) > 1.8 * popular


def test_content_beats_popularity(world: World, split: Split, popular: float) -> None:
    assert split.recall(_content(world, split)) > 1.3 * popular


def test_the_world_is_not_solved_by_neighbours(split: Split) -> None:
    assert split.recall(_item_knn(split)) < 0.5


def test_clicks_have_a_long_tail(world: World, log: Log) -> None:
    clicks = log.take((log.type == VIEW) & (log.time_us < world.window[1]))
    count = np.sort(np.bincount(clicks.item, minlength=1500))[::-1]
    rank = np.arange(10, 300)
    slope = np.polyfit(np.log(rank), np.log(count[rank - 1]), 1)[0]
    # Declared 0.8; exploration is uniform and tastes differ, so clicks are a little flatter.
    assert -0.9 < slope < -0.6
