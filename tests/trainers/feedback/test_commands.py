"""`tfrs feedback`, from a file to files."""

import os
import subprocess
import sys

import pytest
from click.testing import CliRunner
from support.feedback import tiny_shop
from support.training import write_config

from configs.errors import ConfigError
from configs.load import load_config
from trainers.feedback.commands import feedback


@pytest.fixture
def arguments(tmp_path):
    source = write_config(tiny_shop(), tmp_path / "tiny.yaml")
    return ["--config", str(source), "--artifacts", str(tmp_path)]


def invoke(*arguments):
    return CliRunner(env={"COLUMNS": "80"}).invoke(feedback, arguments, catch_exceptions=False)


def test_a_comparison_ends_with_a_table_that_fits_a_terminal(arguments, tmp_path):
    few = ["--policies", "most_popular,random", "--rounds", "1", "--users", "20", "--k", "4"]
    result = invoke(*arguments, *few, "--group-by", "country")
    assert result.exit_code == 0
    [folder] = (tmp_path / "feedback").iterdir()
    assert f"Measures: {folder / 'feedback.csv'}" in result.output
    assert "most_popular,1,country=" in (folder / "feedback.csv").read_text()
    row = next(line for line in result.output.splitlines() if line.startswith("│ random"))
    assert "…" not in row
    assert row.count("│") == 9


@pytest.mark.parametrize("option", [("--rounds", "0"), ("--users", "2"), ("--k", "0")])
def test_numbers_out_of_range_are_refused(arguments, option):
    assert invoke(*arguments, *option).exit_code == 2


def test_a_wrong_policy_is_refused_before_anything_is_written(arguments, tmp_path):
    with pytest.raises(ConfigError, match="Did you mean `random`"):
        invoke(*arguments, "--policies", "ramdom")
    assert not (tmp_path / "feedback").exists()


def test_the_preset_is_the_demo_in_a_small_shop():
    config = load_config("feedback")
    assert (config.data.source_options.users, config.data.source_options.items) == (1000, 600)
    assert config.retrieval == load_config("demo").retrieval


def test_a_wrong_policy_is_reported_without_tensorflow(arguments):
    code = (
        "import sys; from tfrs_models.cli import main; code = main(sys.argv[1:]);"
        "sys.exit(99 if {'tensorflow', 'matplotlib'} & set(sys.modules) else code)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", code, "feedback", *arguments, "--policies", "ramdom"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 64
    assert "Did you mean `random`?" in ended.stderr
