"""`tfrs data prepare` and `tfrs data describe`."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from configs.errors import DataError
from configs.load import load_config
from tfrs_models.data.commands import data


@pytest.fixture
def arguments(tmp_path: Path, log: list[str]) -> list[str]:
    (tmp_path / "events.csv").write_text(
        "\n".join(["user_id,item_id,timestamp", *log, log[0], "u1,,1600000000"])
    )
    (tmp_path / "run.yaml").write_text(
        f"data: {{source: files, files: {{events: {tmp_path / 'events.csv'}}}}}\n"
    )
    return ["--config", str(tmp_path / "run.yaml"), "--artifacts", str(tmp_path / "artifacts")]


def run(command: str, arguments: list[str], *more: str) -> str:
    result = CliRunner().invoke(data, [command, *arguments, *more], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_prepare_names_the_dataset(arguments, tmp_path):
    output = run("prepare", arguments)
    [folder] = (p for p in (tmp_path / "artifacts" / "datasets").iterdir() if p.is_dir())
    assert output == f"50 events in {folder}\n"


def test_describe_prepares_and_tells_the_figures(arguments):
    figures = json.loads(run("describe", arguments, "--json"))
    assert (figures["events"], figures["users"], figures["items"]) == (50, 5, 7)
    assert figures["density"] == 1  # in 10 days each of 5 users takes each of 7 items
    # The last tenth of 50 events is test, a tenth of the other 45 (rounded to 4) is validation.
    assert [part["events"] for part in figures["parts"].values()] == [41, 4, 5]
    assert figures["event_types"] == {"event": 50}
    # Of the 41 training events u0 has 9, the others 8.
    assert figures["history_lengths"]["0.5"] == 8
    assert figures["history_lengths"]["1"] == 9


def test_describe_counts_users_and_items_that_training_has_not_seen(arguments, tmp_path):
    with (tmp_path / "events.csv").open("a") as file:
        file.write("\nnew,fresh,1610000000\nnew,i1,1610000001\n")
    test = json.loads(run("describe", arguments, "--json"))["parts"]["test"]
    assert (test["new_users"], test["new_items"]) == (1, 1)


@pytest.mark.parametrize("words", ["missing item_id", "duplicates", "global_temporal", "density"])
def test_describe_shows_tables(arguments, words):
    assert words in run("describe", arguments)


def test_a_setting_can_be_replaced(arguments):
    split = "data.split={type: per_user_ratio, options: {test_share: 0.5}}"
    figures = json.loads(run("describe", arguments, "--json", "--set", split))
    assert figures["parts"]["test"]["events"] == 25


def test_broken_data_stop_the_command(arguments):
    with pytest.raises(DataError, match="min_events"):
        run("prepare", arguments, "--set", "data.validation.min_events=100")


@pytest.mark.parametrize("preset", ["movielens_100k", "online_retail"])
def test_presets_of_real_data_are_valid(preset):
    assert load_config(preset).data.split.type == "global_temporal"


def test_simulate_writes_the_world_of_a_config(tmp_path):
    small = ["--set", "data.simulated.users=50", "--set", "data.simulated.items=40"]
    result = CliRunner().invoke(data, ["simulate", str(tmp_path / "world"), *small])
    assert result.exit_code == 0
    assert sorted(path.name for path in (tmp_path / "world").iterdir()) == [
        "events.parquet", "items.parquet", "users.parquet",
    ]  # fmt: skip
