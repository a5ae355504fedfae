"""Fresh events, what explains them, and a replay."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from support.datasets import make_dataset

from tfrs_models.data.dataset import FIRST_ROW, TEST, TRAIN, PreparedDataset
from trainers.retraining.warm.events import learned_again

USERS = 20


@pytest.fixture
def dataset(tmp_path: Path) -> PreparedDataset:
    """Twenty users with ten events at seconds 0 to 9; the last of each is a test event."""
    user = np.repeat([f"u{number:02}" for number in range(USERS)], 10)
    time = np.tile(np.arange(10), USERS)
    split = np.where(time == 9, TEST, TRAIN)
    return make_dataset(tmp_path, user, time % 7, time, split)


def of_user(dataset: PreparedDataset, number: int, first_second: int) -> NDArray[np.bool_]:
    """The events of one user from a second on."""
    seconds = dataset.events.time // 1_000_000
    return (dataset.events.user == FIRST_ROW + number) & (seconds >= first_second)


def chosen(dataset: PreparedDataset, fresh: NDArray[np.bool_], **other: Any) -> NDArray[np.bool_]:
    settings = {"replay_share": 0.0, "recent": 3, "seed": 1} | other
    return learned_again(dataset, fresh, **settings).events.learned


def test_fresh_events_and_the_latest_of_their_user_are_learned(dataset: PreparedDataset) -> None:
    # Second 8 is fresh; with it the two before it are the latest three training events.
    kept = chosen(dataset, of_user(dataset, 4, 8))
    np.testing.assert_array_equal(kept, of_user(dataset, 4, 6) & (dataset.events.split == TRAIN))


def test_all_fresh_events_are_learned_even_where_they_are_many(dataset: PreparedDataset) -> None:
    kept = chosen(dataset, of_user(dataset, 4, 2))
    np.testing.assert_array_equal(kept, of_user(dataset, 4, 2) & (dataset.events.split == TRAIN))


def test_older_events_of_users_with_fresh_ones_are_learned_without_a_replay(
    dataset: PreparedDataset,
) -> None:
    # One fresh event, and the two before it: two thirds of what is learned are old.
    fresh = of_user(dataset, 4, 8)
    kept = chosen(dataset, fresh, replay_share=0.0)
    assert (kept.sum(), (kept & ~fresh).sum()) == (3, 2)


def test_a_test_event_is_never_learned(dataset: PreparedDataset) -> None:
    assert not chosen(dataset, of_user(dataset, 4, 9)).any()


def test_the_replay_is_whole_users_of_the_declared_share(dataset: PreparedDataset) -> None:
    # Users 0 and 1 have nine fresh events each. Half of all learned are replay: 18, two users.
    fresh = of_user(dataset, 0, 0) | of_user(dataset, 1, 0)
    kept = chosen(dataset, fresh, replay_share=0.5)
    counts = np.bincount(dataset.events.user[kept], minlength=FIRST_ROW + USERS)[FIRST_ROW:]
    assert counts[:2].tolist() == [9, 9]
    assert sorted(counts[2:].tolist())[-3:] == [0, 9, 9]


def test_the_replay_is_drawn_by_the_seed(dataset: PreparedDataset) -> None:
    fresh = of_user(dataset, 0, 0)
    draws = [chosen(dataset, fresh, replay_share=0.5, seed=seed) for seed in (1, 1, 2)]
    np.testing.assert_array_equal(draws[0], draws[1])
    assert (draws[0] != draws[2]).any()


def test_what_is_measured_stays(dataset: PreparedDataset) -> None:
    learned = learned_again(dataset, of_user(dataset, 4, 8), 0.0, 3, 1)
    np.testing.assert_array_equal(learned.events.split == TEST, dataset.events.split == TEST)
