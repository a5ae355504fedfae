"""What is trained and scored, in which order, and after a kill."""

import json
from pathlib import Path

import pytest
from support.backtests import Calls, play

from tfrs_models.data.times import DAY
from trainers.folders import BusyError, locked
from trainers.retraining.backtest.run import Backtest
from trainers.retraining.backtest.steps import Asked

ALL = "never,daily-warm,2d-full,daily-warm+2d-full"
ASKED = Asked(DAY, 4)


@pytest.fixture
def calls() -> Calls:
    return Calls()


@pytest.fixture
def found(tmp_path: Path, calls: Calls) -> Backtest:
    return play(tmp_path, ALL, ASKED, calls)


@pytest.mark.usefixtures("found")
def test_a_model_is_scored_on_a_step_before_any_may_learn_it(calls: Calls) -> None:
    # A training before step n learns steps 1 to n - 1, so no score of these may follow it.
    for place, (kind, _, number) in enumerate(calls.made):
        if kind == "train":
            assert min(step for _, _, step in calls.made[place:]) == number


@pytest.mark.usefixtures("found")
def test_a_model_learns_no_step_that_it_is_scored_on(calls: Calls) -> None:
    trained = {name: step for kind, name, step in calls.made if kind == "train"}
    assert all(trained[name] <= step for kind, name, step in calls.made if kind == "score")


@pytest.mark.usefixtures("found")
def test_what_policies_share_is_trained_and_scored_once(calls: Calls) -> None:
    assert len(calls.made) == len(set(calls.made))
    trained = [name[:9] for kind, name, _ in calls.made if kind == "train"]
    # never: f1. daily-warm: f1 w2 w3 w4. 2d-full: f1 f3. Both: f1 w2 f3 w4, whose w4 is another.
    assert trained == [
        "0001-full", "0002-warm", "0003-warm", "0003-full", "0004-warm", "0004-warm"
    ]  # fmt: skip


def test_every_policy_has_a_score_in_every_step(found: Backtest) -> None:
    for plan in found.plans.values():
        for training, step in zip(plan, found.steps, strict=True):
            assert (training.name, step.number) in found.scores


def test_steps_without_positives_are_left_out(tmp_path: Path, calls: Calls) -> None:
    # Of days 9 to 12 the second one, day 10 (counted from 0: 9), has looks alone.
    found = play(tmp_path, "daily-warm", ASKED, calls, closed=(9,))
    assert [step.number for step in found.steps] == [1, 3, 4]
    assert [name[:9] for kind, name, _ in calls.made if kind == "train"] == [
        "0001-full", "0003-warm", "0004-warm"
    ]  # fmt: skip


def test_a_killed_backtest_goes_on_to_the_same_end(tmp_path: Path, found: Backtest) -> None:
    (tmp_path / "killed").mkdir()
    with pytest.raises(KeyboardInterrupt):
        play(tmp_path / "killed", ALL, ASKED, Calls(dies_after=3))
    again = play(tmp_path / "killed", ALL, ASKED, Calls())
    assert again.plans == found.plans
    assert again.scores.keys() == found.scores.keys()


def test_other_policies_share_the_folder_and_other_steps_do_not(
    tmp_path: Path, found: Backtest, calls: Calls
) -> None:
    assert play(tmp_path, "never", ASKED, calls).folder == found.folder
    assert play(tmp_path, "never", Asked(DAY, 3), calls).folder != found.folder


def test_the_configuration_lies_beside_it(found: Backtest) -> None:
    config = json.loads((found.folder / "config.json").read_text())
    assert config["name"] == "days"


def test_a_second_process_is_refused(tmp_path: Path, found: Backtest, calls: Calls) -> None:
    with locked(found.folder), pytest.raises(BusyError):
        play(tmp_path, ALL, ASKED, calls)
