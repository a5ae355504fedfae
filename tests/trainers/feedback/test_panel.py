"""Who comes, and which groups they form."""

import numpy as np
import pytest

from configs.errors import DataError
from tfrs_models.data.simulation import clock
from tfrs_models.data.simulation.options import Options
from tfrs_models.data.simulation.world import build_world
from trainers.feedback.panel import Panel, draw_panel, groups, visits


@pytest.fixture(scope="module")
def world():
    return build_world(Options(users=9, items=20, days=3, categories=2), seed=1)


def test_a_panel_holds_active_users_alone():
    positives = np.array([0, 3, 0, 1, 2, 9])
    panel = draw_panel(positives, 10, seed=1)
    assert panel.users.tolist() == [1, 3, 4, 5]
    assert panel.events.tolist() == [3, 1, 2, 9]


def test_a_panel_is_no_larger_than_asked_and_drawn_by_the_seed():
    positives = np.ones(100, np.int64)
    first, same, other = (draw_panel(positives, 10, seed) for seed in (1, 1, 2))
    assert len(first) == 10
    assert first.users.tolist() == same.users.tolist() == sorted(set(first.users.tolist()))
    assert first.users.tolist() != other.users.tolist()


def test_fewer_than_three_active_users_are_refused():
    with pytest.raises(DataError, match=r"2 users .* raise `data.simulated.users`"):
        draw_panel(np.array([1, 0, 1]), 10, seed=1)


def test_groups_are_thirds_by_activity_and_parts_by_attribute(world):
    # By events 1, 1, 2, 3, 8, 9: users 1 and 4 are light (equals in order), 5 and 0 medium.
    panel = Panel(np.array([0, 1, 2, 4, 5, 8]), np.array([3, 1, 9, 1, 2, 8]))
    found = groups(world, panel, "age_group")
    marked = {name: panel.users[marks].tolist() for name, marks in found.items()}
    assert marked["all"] == [0, 1, 2, 4, 5, 8]
    assert marked["activity=light"] == [1, 4]
    assert marked["activity=medium"] == [0, 5]
    assert marked["activity=heavy"] == [2, 8]
    by_age = [
        user for name, some in marked.items() if name.startswith("age_group=") for user in some
    ]
    assert sorted(by_age) == [0, 1, 2, 4, 5, 8]


def test_a_round_is_a_day_after_the_window(world):
    panel = Panel(np.array([0, 3, 7]), np.ones(3, np.int64))
    first, second = (visits(world, panel, number) for number in (1, 2))
    for number, asked in enumerate((first, second)):
        since = asked.time_us - world.window[1] - number * clock.DAY
        assert ((since >= 0) & (since < 23 * clock.DAY / 24)).all()
    assert first.time_us.tolist() != (second.time_us - clock.DAY).tolist()


def test_requests_are_numbered_after_those_of_the_world(world):
    panel = Panel(np.array([0, 3, 7]), np.ones(3, np.int64))
    first = world.session_ends[-1] * 8  # a session has at most 8 requests
    assert visits(world, panel, 1).request.tolist() == [first, first + 1, first + 2]
    assert visits(world, panel, 2).request.tolist() == [first + 3, first + 4, first + 5]
