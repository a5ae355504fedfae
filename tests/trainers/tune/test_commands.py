"""`tfrs tune`, from files to files."""

import csv
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner
from rich.console import Console
from support.training import quiet_watch, tiny_config, write_config

from configs.errors import ArtifactError, EnvironmentFault
from configs.load import load_config
from trainers.retrieval import train_retrieval
from trainers.run import prepared
from trainers.tune.commands import tune
from trainers.tune.search import read_trials

SPACE = """
trials: 3
space:
  retrieval.training.embedding_learning_rate: {low: 0.0001, high: 0.1, log: true}
  retrieval.temperature: {choices: [0.1, 0.15, 0.3]}
"""


@pytest.fixture
def arguments(tmp_path):
    """Of a search of three short trials."""
    config = tiny_config(retrieval={"training": {"epochs": 1}})
    space = tmp_path / "space.yaml"
    space.write_text(SPACE)
    source = write_config(config, tmp_path / "tiny.yaml")
    return ["--config", str(source), "--space", str(space), "--artifacts", str(tmp_path)]


def invoke(*arguments):
    return CliRunner(env={"COLUMNS": "120"}).invoke(tune, arguments, catch_exceptions=False)


@pytest.mark.slow
def test_a_search_ends_with_a_configuration_that_trains_as_its_best_trial_did(arguments, tmp_path):
    result = invoke(*arguments)
    folder = tmp_path / "tune" / "tiny"
    assert f"tfrs train --config {folder / 'best.yaml'}" in result.output.replace("\n", "")
    rows = list(csv.DictReader((folder / "trials.csv").read_text().splitlines()))
    values = [float(row["recall@20"]) for row in rows]
    assert len(values) == 3
    assert not (folder / "trial").exists()

    best = load_config(str(folder / "best.yaml"))
    material, _ = prepared(best, tmp_path, tmp_path / "again", Console(quiet=True))
    _, fitted = train_retrieval(material, tmp_path / "weights", quiet_watch(tmp_path))
    assert fitted.best == max(trial.value for trial in read_trials(folder))


def test_a_new_search_removes_the_former(arguments, tmp_path, monkeypatch):
    folder = tmp_path / "tune" / "tiny"
    folder.mkdir(parents=True)
    (folder / "trials.json").write_text("damaged")
    with pytest.raises(ArtifactError, match="`--new`"):
        read_trials(folder)

    def look(*_):
        assert read_trials(folder) == ()
        raise ZeroDivisionError

    monkeypatch.setattr("trainers.tune.run.run_search", look)
    with pytest.raises(ZeroDivisionError):
        invoke(*arguments, "--new")


def test_the_number_of_trials_may_be_given(arguments, monkeypatch):
    seen = []

    def look(search, artifacts, limits, console):
        seen.append((limits.trials, limits.seconds))
        raise ZeroDivisionError

    monkeypatch.setattr("trainers.tune.run.run_search", look)
    for more in ([], ["--trials", "7", "--timeout", "60"]):
        with pytest.raises(ZeroDivisionError):
            invoke(*arguments, *more)
    assert seen == [(3, float("inf")), (7, 60.0)]


def test_without_optuna_the_extra_is_named(arguments, monkeypatch):
    monkeypatch.setattr("trainers.tune.commands._LIBRARY", "no_such_library")
    with pytest.raises(EnvironmentFault, match=r"needs no_such_library: .*tfrs-two-stage\[tune\]"):
        invoke(*arguments)


def test_a_wrong_space_is_reported_without_tensorflow(arguments, tmp_path):
    (tmp_path / "space.yaml").write_text("space: {retrieval.temprature: {low: 0.1, high: 0.2}}")
    code = (
        "import sys; from tfrs_models.cli import main; code = main(sys.argv[1:]);"
        "sys.exit(99 if {'tensorflow', 'optuna', 'matplotlib'} & set(sys.modules) else code)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", code, "tune", *arguments]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 64
    assert "Did you mean `temperature`?" in ended.stderr
