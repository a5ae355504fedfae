from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.datasets import make_dataset
from support.events import ANN, BOB, three_users

from trainers.positives import Positives, positives
from trainers.windows import Part, PartOrder, part_columns, split_users, window_counts

NOTHING = np.zeros(0, np.int64)


def of_sizes(sizes: list[int]) -> Positives:
    """Users with so many events each."""
    nothing = {"item": NOTHING, "event": NOTHING, "moment": NOTHING, "seconds": NOTHING}
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    users = np.arange(len(sizes), dtype=np.int32)
    return Positives(**nothing, type=NOTHING, weight=NOTHING, users=users, offsets=offsets)


def test_users_have_as_many_windows_as_cover_their_events() -> None:
    # Windows of 3 places for 1, 3, 4 and 7 events.
    assert window_counts(np.array([0, 1, 4, 8, 15]), 3).tolist() == [1, 1, 2, 3]


def test_what_fits_into_memory_is_one_part() -> None:
    assert split_users(of_sizes([3, 4, 5]), 3, 12) == [Part(0, 3, 1 + 2 + 2)]


@given(sizes=st.lists(st.integers(1, 30), min_size=1, max_size=40), resident=st.integers(1, 100))
def test_parts_hold_all_users_in_order_and_not_too_many_events(
    sizes: list[int], resident: int
) -> None:
    found = of_sizes(sizes)
    parts = split_users(found, 4, resident)
    assert [part.first_user for part in parts[1:]] == [part.last_user for part in parts[:-1]]
    assert (parts[0].first_user, parts[-1].last_user) == (0, len(sizes))
    assert sum(part.windows for part in parts) == window_counts(found.offsets, 4).sum()
    for part in parts:
        events = found.offsets[part.last_user] - found.offsets[part.first_user]
        # A cut falls on the user nearest to the goal, so a part may be larger by one user.
        assert events <= resident + max(sizes)


def test_the_columns_of_a_part_count_from_its_first_event(tmp_path: Path) -> None:
    found = positives(three_users(tmp_path), None)
    hour = {"hour": np.arange(10)}
    columns = part_columns(found, Part(1, 3, 2), 3, hour)
    assert columns["user"].tolist() == [BOB, 4]
    assert columns["first"].tolist() == [0, 2]
    assert columns["last"].tolist() == [2, 3]
    assert columns["moment"].tolist() == [0, 1, 2]
    assert columns["context/hour"].tolist() == [4, 6, 7]
    assert columns["item"].tolist() == found.item[4:].tolist()


def test_a_user_stands_there_once_for_each_window(tmp_path: Path) -> None:
    found = positives(three_users(tmp_path), None)
    columns = part_columns(found, Part(0, 1, 2), 3, {})
    assert columns["user"].tolist() == [ANN, ANN]
    assert columns["last"].tolist() == [4, 4]


def test_large_places_need_no_more_than_32_bits_within_a_part(tmp_path: Path) -> None:
    found = positives(make_dataset(tmp_path, ["u", "v"], ["a", "b"]), None)
    far = 2**40
    shifted = replace(found, offsets=found.offsets + far, moment=found.moment + far)
    moved = replace(shifted, offsets=np.array([0, 1, 2]), moment=np.array([0, 1]))
    assert part_columns(moved, Part(1, 2, 1), 3, {})["first"].tolist() == [0]


@pytest.mark.parametrize("steps", [[4], [3, 2, 5]])
def test_every_epoch_visits_every_part_once(steps: list[int]) -> None:
    order = PartOrder(steps, seed=3)
    for epoch in range(4):
        start, end = epoch * sum(steps), (epoch + 1) * sum(steps)
        parts = [order.stretch(step).part for step in range(start, end)]
        assert [parts.count(part) for part in range(len(steps))] == steps


def test_a_stretch_says_where_it_starts_and_ends() -> None:
    order = PartOrder([3, 2, 5], seed=3)
    for step in range(40):
        stretch = order.stretch(step)
        assert stretch.first_step <= step < stretch.last_step
        assert order.stretch(stretch.first_step) == order.stretch(stretch.last_step - 1) == stretch
        assert order.stretch(stretch.last_step) != stretch


def test_stretches_have_their_own_salt() -> None:
    order = PartOrder([3, 2, 5], seed=3)
    stretches = {order.stretch(step) for step in range(100)}
    assert len({stretch.salt for stretch in stretches}) == len(stretches) == 30


def test_the_seed_decides_the_order() -> None:
    first, same, other = (PartOrder([1] * 8, seed) for seed in (1, 1, 2))
    orders = [[o.stretch(step).part for step in range(8)] for o in (first, same, other)]
    assert orders[0] == orders[1] != orders[2]
    epochs = [[first.stretch(e * 8 + s).part for s in range(8)] for e in range(2)]
    assert epochs[0] != epochs[1]
