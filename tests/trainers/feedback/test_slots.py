"""Slots filled at random, and their propensities."""

import numpy as np
import pytest

from trainers.feedback.slots import mix

BASE = np.array([[4, 2, 0]])
ALLOWED = np.ones((1, 5), np.bool_)


def mixed(share, times=1, base=BASE, allowed=ALLOWED, seed=3):
    random = np.random.default_rng(seed)
    return mix(np.repeat(base, times, 0), np.repeat(allowed, times, 0), share, random)


def test_without_chance_the_list_is_the_base():
    lists, propensity = mixed(0.0)
    assert lists.tolist() == [[4, 2, 0]]
    assert propensity.tolist() == [[1, 1, 1]]


def test_with_chance_alone_each_item_that_is_left_is_as_likely():
    lists, propensity = mixed(1.0, times=6000)
    np.testing.assert_allclose(propensity, np.tile([1 / 5, 1 / 4, 1 / 3], (6000, 1)))
    for place in range(3):
        share = np.bincount(lists[:, place], minlength=5) / 6000
        np.testing.assert_allclose(share, 1 / 5, atol=0.03)  # 5.8 standard errors


def test_no_item_stands_twice():
    lists, _ = mixed(0.5, times=500)
    assert all(len(set(row)) == 3 for row in lists.tolist())


def test_the_first_slot_is_the_base_or_another_by_the_share():
    # The base's first item comes by choice, or by chance with the other four: 0.6 + 0.4 / 5.
    lists, propensity = mixed(0.4, times=6000)
    usual = lists[:, 0] == 4
    assert abs(usual.mean() - 0.68) < 0.03  # 5 standard errors
    np.testing.assert_allclose(propensity[usual, 0], 0.68)
    np.testing.assert_allclose(propensity[~usual, 0], 0.08)


def test_propensities_are_the_frequencies_given_the_slots_above():
    # Second slot under 4: 2 is next with 0.6 + 0.4 / 4; under 2 the base's next is 4.
    lists, propensity = mixed(0.4, times=20_000)
    for above, below, likely in ((4, 2, 0.7), (2, 4, 0.7), (4, 1, 0.1)):
        under = lists[:, 0] == above
        here = under & (lists[:, 1] == below)
        np.testing.assert_allclose(propensity[here, 1], likely)
        assert abs(here.sum() / under.sum() - likely) < 0.05


def test_forbidden_items_are_never_shown():
    allowed = np.array([[True, False, True, False, True]])
    lists, propensity = mixed(1.0, times=300, allowed=allowed)
    assert set(lists.ravel().tolist()) == {0, 2, 4}
    np.testing.assert_allclose(propensity[0], [1 / 3, 1 / 2, 1])


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_where_too_few_items_are_left_slots_stay_empty(share):
    allowed = np.array([[False, True, False, True, False]])
    lists, propensity = mixed(share, base=np.array([[3, 1, -1]]), allowed=allowed)
    assert sorted(lists[0, :2].tolist()) == [1, 3]
    assert lists[0, 2] == -1
    assert propensity[0, 2] == 0


def test_the_draws_do_not_depend_on_the_base():
    lists, _ = mixed(1.0, base=np.array([[-1, -1, -1]]))
    assert lists.tolist() == mixed(1.0)[0].tolist()
