"""Whether users came back: what counts, and what may be known."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.datasets import make_dataset

from tfrs_models.data.dataset import TEST, VALIDATION, PreparedDataset
from tfrs_models.data.times import DAY
from tfrs_models.labels import returns
from tfrs_models.labels._touched import touched

MOMENT = 100 * DAY
OPTIONS = returns.Options(after_days=1, within_days=7)
NAN = np.nan


def came_back(
    folder: Path, again: int, end: int = MOMENT + 30 * DAY, split: int = VALIDATION
) -> float:
    """The label of an event at `MOMENT` whose user has another one `again` microseconds later.

    Two others have events of their own, just before and just after in the order of the log.
    """
    dataset = make_dataset(
        folder, ["ann", "bob", "bob", "cy"], list("abcd"), [0, 1, 2, 3], [VALIDATION] * 4
    )
    time = np.array([MOMENT + 2 * DAY, MOMENT, MOMENT + again, MOMENT + 2 * DAY])
    splits = np.array([VALIDATION, VALIDATION, split, VALIDATION], np.int8)
    dataset = replace(dataset, events=replace(dataset.events, time=time, split=splits))
    return float(label_of(dataset, 1, end))


def label_of(dataset: PreparedDataset, event: int, end: int) -> float:
    pairs = touched(dataset, np.array([event]), end)
    found = returns.labels(OPTIONS, dataset, pairs)
    return float(found[0])


@pytest.mark.parametrize(
    ("again", "expected"),
    [
        (0, 0),
        (DAY, 0),  # the first day belongs to the visit, its last moment too
        (DAY + 1, 1),
        (7 * DAY, 1),  # the last moment that counts
        (7 * DAY + 1, 0),
    ],
)
def test_an_event_after_the_visit_and_within_the_days_counts(
    tmp_path: Path, again: int, expected: float
) -> None:
    assert came_back(tmp_path, again) == expected


@pytest.mark.parametrize("again", [2 * DAY, 9 * DAY])
def test_a_window_that_ends_with_the_days_knows_nothing(tmp_path: Path, again: int) -> None:
    assert np.isnan(came_back(tmp_path / "at", again, end=MOMENT + 7 * DAY))
    assert came_back(tmp_path / "past", again, end=MOMENT + 7 * DAY + 1) == (again < 7 * DAY)


@pytest.mark.parametrize("beyond", [0, 1])
def test_what_happens_from_the_end_on_changes_nothing(tmp_path: Path, beyond: int) -> None:
    end = MOMENT + 8 * DAY
    found = {came_back(tmp_path / str(more), end - MOMENT + more, end) for more in (beyond, 9)}
    assert found == {0}


@pytest.mark.parametrize("split", [TEST, 3])
def test_a_hidden_event_within_the_days_leaves_the_label_unknown(
    tmp_path: Path, split: int
) -> None:
    assert np.isnan(came_back(tmp_path / "within", 7 * DAY, split=split))
    assert came_back(tmp_path / "later", 7 * DAY + 1, split=split) == 0


def test_the_latest_event_of_the_pair_starts_the_days(tmp_path: Path) -> None:
    dataset = make_dataset(tmp_path, ["ann"] * 3, list("aab"), np.array([0, 3, 5]) * 86_400)
    pairs = touched(dataset, np.arange(3), 100 * DAY)
    # `a`: two days from day 3 to day 5. `b`: nothing after.
    assert returns.labels(OPTIONS, dataset, pairs).tolist() == [1, 0]


def test_many_users_over_many_years_do_not_overflow(tmp_path: Path) -> None:
    """60,000 users times 20 years of microseconds is more than 2^63."""
    size = 60_000
    dataset = make_dataset(tmp_path, ["ann"] * 3, list("abc"), [0, 1, 2])
    users = np.r_[np.arange(2, size), [size] * 2].astype(np.int32)
    times = np.r_[np.zeros(size - 2), [7_300 * DAY, 7_302 * DAY]].astype(np.int64)
    events = replace(
        dataset.events,
        user=users,
        item=np.full(size, 2, np.int32),
        time=times,
        split=np.zeros(size, np.int8),
    )
    dataset = replace(dataset, events=events)
    assert label_of(dataset, size - 2, 9_000 * DAY) == 1
    assert label_of(dataset, size - 1, 9_000 * DAY) == 0
    assert label_of(dataset, size - 3, 9_000 * DAY) == 0
