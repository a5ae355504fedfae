"""What is deleted after a run, and what stays."""

import sqlite3
from pathlib import Path

import pytest
from support.ledgers import run

from trainers.retraining.ledger import runs
from trainers.retraining.state import State
from trainers.retraining.tidy import tidy


@pytest.fixture
def state(ledger: sqlite3.Connection, tmp_path: Path) -> State:
    """Four rejected runs, each with its settings and a bundle."""
    found = State(tmp_path, tmp_path / "models", "shop", ledger)
    for number in (1, 2, 3, 4):
        runs.begin(ledger, run(number, state="rejected"))
        (found.run(f"r{number}") / "bundle").mkdir(parents=True)
        (found.run(f"r{number}") / "config.json").write_text("{}")
    return found


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_bundle_of_a_run_goes_after_three_others_and_its_settings_stay(state: State) -> None:
    tidy(state)
    assert names(state.run("r1")) == ["config.json"]
    assert [names(state.run(one)) for one in ("r2", "r3", "r4")] == [["bundle", "config.json"]] * 3


def test_a_run_that_had_nothing_to_do_leaves_nothing(state: State) -> None:
    runs.begin(state.ledger, run(5, state="nothing_new"))
    state.run("r5").mkdir()
    tidy(state)
    assert "r5" not in names(state.runs)


def test_a_file_that_somebody_has_put_beside_the_runs_stays(state: State) -> None:
    (state.runs / "notes.txt").write_text("mine")
    (state.folder / "datasets").mkdir()
    (state.folder / "datasets" / "notes.txt").write_text("mine")
    tidy(state)
    assert "notes.txt" in names(state.runs)
    assert names(state.folder / "datasets") == ["notes.txt"]
