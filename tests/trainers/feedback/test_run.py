"""The loop: rounds kept as they end, the same for the same options, and resumed."""

import csv
import shutil

import numpy as np
import pytest
from support.feedback import compared

from configs.errors import ConfigError
from trainers.feedback import run
from trainers.feedback.rounds import load_round
from trainers.folders import BusyError, locked

POLICIES = "item_knn+0.3,oracle"


class Killed(BaseException):
    """Stands for the moment at which the process is killed."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Two rounds, undisturbed: folder, measures and text."""
    return compared(tmp_path_factory.mktemp("whole"), POLICIES)


def rows(folder):
    return (folder / "feedback.csv").read_text()


def value(measures, policy, number, metric, group="all"):
    [found] = [
        m.value
        for m in measures
        if (m.policy, m.round, m.group, m.metric) == (policy, number, group, metric)
    ]
    return found


def test_a_comparison_leaves_a_tidy_table_and_a_picture(whole):
    folder, measures, _ = whole
    table = list(csv.DictReader(rows(folder).splitlines()))
    assert list(table[0]) == ["policy", "round", "group", "metric", "value"]
    assert len(table) == len(measures)
    assert {(row["policy"], row["round"]) for row in table} == {
        (policy, number) for policy in POLICIES.split(",") for number in "12"
    }
    assert (folder / "feedback.png").stat().st_size > 0


def test_every_round_and_policy_is_told(whole):
    text = whole[2]
    assert "round 2 of 2  item_knn+0.3: " in text
    assert text.count("round ") == 2 * 2


def test_the_same_options_give_the_same_table(whole, tmp_path):
    assert rows(compared(tmp_path, POLICIES)[0]) == rows(whole[0])


def test_a_policy_does_not_depend_on_who_else_is_compared(whole, tmp_path):
    _, alone, _ = compared(tmp_path, "item_knn+0.3")
    assert alone == [m for m in whole[1] if m.policy == "item_knn+0.3"]


@pytest.mark.parametrize("rounds_before", [0, 1, 3])
def test_a_killed_comparison_goes_on_to_what_an_undisturbed_one_finds(
    whole, tmp_path, monkeypatch, rounds_before
):
    played = []

    def die_after(experiment, policy, number):
        if len(played) == rounds_before:
            raise Killed
        played.append((policy.name, number))
        original(experiment, policy, number)

    original = run.play
    monkeypatch.setattr(run, "play", die_after)
    with pytest.raises(Killed):
        compared(tmp_path, POLICIES)
    monkeypatch.setattr(run, "play", original)
    assert rows(compared(tmp_path, POLICIES)[0]) == rows(whole[0])


def test_a_kill_within_a_round_leaves_no_part_of_it(whole, tmp_path, monkeypatch):
    def die(*_):
        raise Killed

    monkeypatch.setattr("trainers.feedback.rounds.save_round", die)
    with pytest.raises(Killed):
        compared(tmp_path, POLICIES)
    monkeypatch.undo()
    folder, _, _ = compared(tmp_path, POLICIES)
    assert rows(folder) == rows(whole[0])


def test_rounds_that_are_there_are_not_played_again(tmp_path, monkeypatch):
    _, one, _ = compared(tmp_path, "oracle", rounds=1)
    played = []
    original = run.play
    monkeypatch.setattr(run, "play", lambda e, p, n: (played.append(n), original(e, p, n)))
    _, two, _ = compared(tmp_path, "oracle", rounds=2)
    assert played == [2]
    assert [m for m in two if m.round == 1] == one


def test_the_best_policy_in_expectation_is_the_oracle(whole):
    _, measures, _ = whole
    best = value(measures, "oracle", 1, "expected_clicks")
    assert value(measures, "item_knn+0.3", 1, "expected_clicks") < best
    assert value(measures, "item_knn+0.3", 2, "regret") > 0
    assert value(measures, "oracle", 2, "regret") == 0


def test_all_policies_are_answered_with_the_same_luck(tmp_path):
    # Where two policies show the same list, they get the same clicks.
    folder, _, _ = compared(tmp_path, "most_popular,most_popular+0.01", rounds=1)
    one, other = (
        load_round(folder / "rounds" / name / "0001")
        for name in ("most_popular", "most_popular+0.01")
    )
    same = one.lists == other.lists
    assert 0.8 < same.mean() < 1
    np.testing.assert_array_equal(one.clicked[same], other.clicked[same])


def test_other_settings_lie_elsewhere(whole, tmp_path):
    folder, _, _ = compared(tmp_path, "oracle", rounds=1, seed=7)
    assert folder.name != whole[0].name


def test_real_data_are_refused(tmp_path):
    data = {"source": "files", "files": {"events": "events.csv"}}
    with pytest.raises(ConfigError, match=r"`data.source` must be `simulated`.*Received `files`"):
        compared(tmp_path, "oracle", data=data)


def test_lists_longer_than_the_catalogue_are_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"`--k` must be at most `data.simulated.items`, 4;"):
        compared(tmp_path, "oracle", data={"simulated": {"users": 60, "items": 4}})


def test_a_second_process_is_refused(whole):
    with locked(whole[0]), pytest.raises(BusyError):
        compared(whole[0].parents[1], POLICIES)


@pytest.mark.slow
def test_a_round_of_the_two_tower_is_the_same_whatever_was_trained_before_it(tmp_path):
    # One process trains rounds 1, 2 and 2 again.
    folder, measures, _ = compared(tmp_path, "two_tower+0.1")
    assert value(measures, "two_tower+0.1", 2, "regret") > 0
    former = rows(folder)
    shutil.rmtree(folder / "rounds" / "two_tower+0.1" / "0002")
    compared(tmp_path, "two_tower+0.1")
    assert rows(folder) == former
