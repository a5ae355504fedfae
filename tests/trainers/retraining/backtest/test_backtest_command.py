"""`tfrs backtest`: what is refused, and how soon."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from support.backtests import Calls, log_config, made_up, write_events
from support.training import write_config

from configs.errors import ConfigError
from trainers.retraining.commands_backtest import backtest


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    config = log_config(write_events(tmp_path / "events.parquet"))
    source = write_config(config, tmp_path / "days.yaml")
    return ["--config", str(source), "--artifacts", str(tmp_path)]


def invoke(*arguments: str) -> Any:
    return CliRunner(env={"COLUMNS": "80"}).invoke(backtest, arguments, catch_exceptions=False)


def test_a_backtest_ends_with_a_table_and_its_files(arguments: list[str], tmp_path: Path) -> None:
    with made_up(Calls()):
        ended = invoke(*arguments, "--policies", "never,daily-warm", "--steps", "3")
    assert ended.exit_code == 0
    [folder] = (tmp_path / "backtests").glob("days-*")
    assert f"Measures: {folder / 'backtest.json'}" in ended.output.replace("\n", " ")
    assert (folder / "backtest.html").exists()
    assert "│ daily-warm │" in ended.output


def test_retrieval_alone_trains_no_ranker(arguments: list[str], tmp_path: Path) -> None:
    with made_up(Calls()):
        invoke(*arguments, "--policies", "never", "--steps", "1", "--stage", "retrieval")
    [folder] = (tmp_path / "backtests").glob("days-*")
    assert '"enabled": false' in (folder / "config.json").read_text()


def test_a_wrong_policy_is_refused_before_anything_is_written(
    arguments: list[str], tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="trains every 1h"):
        invoke(*arguments, "--policies", "hourly-warm")
    assert not (tmp_path / "backtests").exists()


@pytest.mark.parametrize("option", [("--steps", "0"), ("--start", "May"), ("--stage", "ranking")])
def test_options_out_of_range_are_refused(arguments: list[str], option: tuple[str, str]) -> None:
    assert invoke(*arguments, *option).exit_code == 2


def test_a_wrong_period_is_reported_without_tensorflow(arguments: list[str]) -> None:
    code = (
        "import sys; from tfrs_models.cli import main; code = main(sys.argv[1:]);"
        "sys.exit(99 if {'tensorflow', 'duckdb', 'matplotlib'} & set(sys.modules) else code)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", code, "backtest", *arguments, "--every", "2w"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 64
    assert "received '2w'" in ended.stderr
