"""Slices of the gate: which decide, which are reported."""

import numpy as np
import pytest
from support.gate import RECALL, config, scored

from configs.errors import DataError
from trainers.retraining.gate.decide import decide

USERS = 1000
BASE = np.tile([0.0, 0.5], USERS // 2)
NEW = np.arange(USERS) < 600
RULES = config(margin=0.2, slices=("new_users",))


def verdict(challenger, slices, rules=RULES):
    return decide(scored(BASE), scored(challenger), None, slices, rules, seed=1)


def check(found, name="slice.new_users.recall@20"):
    return next(one for one in found.checks if one.name == name)


def test_a_loss_in_one_slice_fails_through_that_slice():
    # Everyone of the slice loses 0.02, more than 3% of 0.25 = 0.0075; the whole window loses 0.012,
    # less than 20% of it.
    masks = {"new_users": NEW, "tail": ~NEW}
    rules = config(margin=0.2, slices=("new_users", "tail"), min_slice_users=400)
    found = verdict(BASE - np.where(NEW, 0.02, 0.0), masks, rules)
    assert [one.name for one in found.broken] == ["slice.new_users.recall@20"]
    assert (check(found).measured, check(found).allowed) == (pytest.approx(-0.02), -0.0075)


def test_a_sure_loss_within_the_margin_passes():
    found = verdict(BASE - np.where(NEW, 0.007, 0.0), {"new_users": NEW})
    assert found.passed
    assert check(found).decides


def test_an_unsure_loss_passes_and_says_what_would_be_noticed():
    # 51% of the slice lose 0.5, 49% gain it: -0.01 with a standard deviation of the mean of
    # 0.5 / sqrt(600) = 0.0204; z(0.99) + z(0.95) = 3.97 of those are 0.081.
    noise = np.where(np.arange(USERS) % 100 < 51, -0.5, 0.5)
    found = check(verdict(BASE + np.where(NEW, noise, 0.0), {"new_users": NEW}))
    assert found.passed
    assert found.measured < found.allowed
    noticed = float(found.sentence.split("one of ")[1].split(" ")[0])
    assert noticed == pytest.approx(0.081, rel=0.15)


def test_a_slice_of_few_users_is_reported_and_does_not_decide():
    few = np.arange(USERS) < 499
    found = verdict(BASE - np.where(few, 0.05, 0.0), {"new_users": few})
    assert found.passed
    reported = check(found)
    assert (reported.passed, reported.decides, reported.allowed) == (True, False, None)
    assert reported.measured == pytest.approx(-0.05)
    assert reported.sentence == (
        "recall@20 in new_users: 499 users, difference -0.0500; fewer than 500 do not decide"
    )


def test_users_count_and_not_their_queries():
    users = np.arange(USERS) // 2
    models = (scored(BASE, users), scored(BASE - np.where(NEW, 0.1, 0.0), users))
    found = decide(*models, None, {"new_users": NEW}, RULES, seed=1)
    assert "300 users" in check(found).sentence
    assert not check(found).decides


def test_an_empty_slice_is_reported():
    found = check(verdict(BASE, {"new_users": np.zeros(USERS, np.bool_)}))
    assert (found.measured, found.decides) == (None, False)


def test_many_slices_get_the_resamples_that_holm_needs():
    # 15 slices of a family level of 1% begin at 1/1500: 199 resamples could not show that.
    masks = {f"country={one}": NEW for one in range(15)}
    rules = config(margin=0.2, slices=("country",))
    assert len(verdict(BASE - np.where(NEW, 0.02, 0.0), masks, rules).broken) == 15


def test_a_declared_slice_must_be_masked():
    with pytest.raises(DataError, match=r"must hold `new_users`.*received country=DE"):
        verdict(BASE, {"country=DE": NEW})


def test_a_column_is_masked_by_any_of_its_values():
    assert verdict(BASE, {"country=DE": NEW}, config(slices=("country",))).passed


@pytest.mark.parametrize("mask", [NEW[:-1], NEW.astype(np.int64)])
def test_a_mask_that_does_not_fit_is_refused(mask):
    with pytest.raises(DataError, match=r"must be a mask of bool \[1000\]"):
        verdict(BASE, {"new_users": mask})


def test_the_metric_stays_the_mean_of_the_whole_window():
    found = verdict(BASE - np.where(NEW, 0.02, 0.0), {"new_users": NEW})
    assert check(found, f"{RECALL}.not_worse").measured == pytest.approx(-0.012, abs=0.001)
