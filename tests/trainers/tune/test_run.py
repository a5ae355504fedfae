"""The search: trial after trial, kept as they end, and resumed."""

import io
from dataclasses import replace

import pytest
from rich.console import Console
from support.searches import RATE, SHARE, SPACE, WIDTH, make_search, scripted, small_material

from configs.errors import ArtifactError, DataError
from trainers.folders import BusyError, locked
from trainers.tune.run import Limits, run_search
from trainers.tune.search import read_trials

FOREVER = 1e9


class Killed(BaseException):
    """Stands for the moment at which the process is killed."""


@pytest.fixture(scope="module")
def material(tmp_path_factory):
    return small_material(tmp_path_factory.mktemp("material"))


@pytest.fixture(autouse=True)
def _without_data(material, monkeypatch):
    monkeypatch.setattr("trainers.tune.run.prepared", lambda *_: (material, None))
    train(monkeypatch, value)


def train(monkeypatch, curve):
    monkeypatch.setattr("trainers.tune.trial.train_retrieval", scripted(curve))


def value(material):
    """Ends highest at width 40; the configuration as it stands has 0.76."""
    best = 1 - abs(material.config.retrieval.embedding_dim - 40) / 100
    return [best / 3, best / 2, best]


def search_in(folder, trials=4, seconds=FOREVER, space=SPACE):
    """The trials, and what was printed."""
    text = io.StringIO()
    console = Console(file=text, width=200)
    done = run_search(make_search(space=space), folder, Limits(trials, seconds), console)
    return done, text.getvalue()


def without_seconds(trials):
    return [replace(trial, seconds=0.0) for trial in trials]


def test_a_search_tries_and_keeps_and_reports(tmp_path):
    trials, text = search_in(tmp_path, 3)
    folder = tmp_path / "tune" / "demo"
    assert [trial.number for trial in trials] == [0, 1, 2]
    assert trials[0].value == 0.76
    assert read_trials(folder) == trials
    for name in ("trials.csv", "best.yaml", "tuning.png"):
        assert (folder / name).stat().st_size > 0
    assert text.count("trial ") == 3 + 3  # a line each, with the best trial's number


def test_a_killed_search_goes_on_to_what_an_undisturbed_one_finds(tmp_path, monkeypatch):
    undisturbed, _ = search_in(tmp_path / "whole", 9)

    def die(material):
        raise Killed

    for done in (0, 1, 4, 7):
        search_in(tmp_path / "killed", done) if done else None
        train(monkeypatch, die)
        with pytest.raises(Killed):
            search_in(tmp_path / "killed", 9)
        train(monkeypatch, value)
    resumed, _ = search_in(tmp_path / "killed", 9)
    assert without_seconds(resumed) == without_seconds(undisturbed)


def test_a_trial_that_fails_is_kept_and_the_search_goes_on(tmp_path, monkeypatch):
    def fail_at_other_widths(material):
        if material.config.retrieval.embedding_dim != 64:
            raise DataError("the loss is nan")
        return [0.5]

    train(monkeypatch, fail_at_other_widths)
    trials, text = search_in(tmp_path, 3)
    assert [trial.state for trial in trials] == ["complete", "failed", "failed"]
    assert "trial 1: failed: the loss is nan  embedding_dim=" in text
    assert "1,failed,,0." in (tmp_path / "tune" / "demo" / "trials.csv").read_text()


def test_a_configuration_that_cannot_be_trained_stops_the_search(tmp_path, monkeypatch):
    def fail(material):
        raise DataError("no user has a validation target")

    train(monkeypatch, fail)
    with pytest.raises(DataError, match="no user has a validation target"):
        search_in(tmp_path)
    assert read_trials(tmp_path / "tune" / "demo") == ()


def test_a_hopeless_trial_is_pruned(tmp_path, monkeypatch):
    space = {RATE: SPACE[RATE]}
    search_in(tmp_path, 5, space=space)
    train(monkeypatch, lambda _: [0.1, 0.1, 0.1, 0.9])
    trials, text = search_in(tmp_path, 6, space=space)
    assert (trials[5].state, trials[5].value, len(trials[5].curve)) == ("pruned", 0.1, 3)
    assert "trial 5: recall@20 0.1000, pruned after epoch 3 (best 0.7600, trial 0)" in text


def test_after_the_time_no_trial_begins_but_the_first(tmp_path):
    assert len(search_in(tmp_path, 4, seconds=0)[0]) == 1
    assert len(search_in(tmp_path, 4, seconds=0)[0]) == 1


def test_a_finished_search_is_answered_without_training(tmp_path, monkeypatch):
    trials, _ = search_in(tmp_path, 2)
    monkeypatch.setattr("trainers.tune.trial.train_retrieval", None)
    assert search_in(tmp_path, 2)[0] == trials


def test_a_small_space_ends_the_search(tmp_path):
    space = {SHARE: SPACE[SHARE]}
    trials, text = search_in(tmp_path, 40, space=space)
    assert len(trials) == 2
    assert "gave nothing new: the search ends" in text


def test_another_space_in_the_same_folder_is_refused(tmp_path):
    search_in(tmp_path, 1)
    with pytest.raises(ArtifactError, match="began otherwise"):
        search_in(tmp_path, 2, space={WIDTH: SPACE[WIDTH]})


def test_a_second_process_is_refused(tmp_path):
    with locked(tmp_path / "tune" / "demo"), pytest.raises(BusyError):
        search_in(tmp_path)
