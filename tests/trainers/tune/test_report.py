"""The tables, the best configuration and the picture of a search."""

import csv
import io
import re
from dataclasses import replace

import pytest
from rich.console import Console
from support.searches import RATE, SHARE, SPACE, WIDTH, make_search, make_trial

from configs.load import changed, load_config
from configs.tune import TuneConfig
from trainers.tune.plot import PLOT, write_plot
from trainers.tune.report import best_trial, best_yaml, label, outcome, table, write_reports
from trainers.tune.search import Search

SEARCH = make_search()
TRIALS = (
    make_trial(0, 0.25, curve=(0.2, 0.25)),
    make_trial(1, 0.2, "pruned", curve=(0.1, 0.2), width=8),
    make_trial(2, None, "failed", reason="the loss is nan, it says"),
    make_trial(3, 0.31, curve=(0.3, 0.31, 0.3), rate=0.0123, share=[0.5, 0.8]),
    make_trial(4, 0.31, curve=(0.31,), width=16),
)


def drawn(trials, search=SEARCH):
    text = io.StringIO()
    Console(file=text, width=80).print(table(search, trials))
    return text.getvalue()


def loaded(folder, text):
    path = folder / "best.yaml"
    path.write_text(text, encoding="utf-8")
    return load_config(str(path))


def test_the_earliest_of_the_best_complete_trials_is_best():
    assert best_trial([*TRIALS, make_trial(5, 0.9, "pruned")]).number == 3


def test_the_csv_has_a_row_for_every_trial(tmp_path):
    write_reports(SEARCH, TRIALS, tmp_path)
    rows = list(csv.DictReader((tmp_path / "trials.csv").read_text("utf-8").splitlines()))
    assert [row["number"] for row in rows] == ["0", "1", "2", "3", "4"]
    assert rows[3] == {
        "number": "3",
        "state": "complete",
        "recall@20": "0.310000",
        "seconds": "2.5",
        "epochs": "3",
        WIDTH: "64",
        RATE: "0.0123",
        SHARE: "[0.5, 0.8]",
        "reason": "",
    }
    assert (rows[2]["recall@20"], rows[2]["epochs"]) == ("", "0")
    assert rows[2]["reason"] == "the loss is nan, it says"


def test_the_best_configuration_names_its_base_and_what_differs():
    text = best_yaml(SEARCH, TRIALS[3].settings)
    assert text == (
        "base: demo\n"
        "retrieval:\n"
        "  history_share: [0.5, 0.8]\n"
        "  training:\n"
        "    embedding_learning_rate: 0.0123\n"
    )


def test_the_best_configuration_loads_as_the_one_that_was_tried(tmp_path):
    write_reports(SEARCH, TRIALS, tmp_path)
    best = load_config(str(tmp_path / "best.yaml"))
    assert best == changed(SEARCH.config, TRIALS[3].settings)


def test_without_a_gain_the_best_configuration_is_the_base():
    assert best_yaml(SEARCH, TRIALS[0].settings) == "base: demo\n"


def test_overrides_and_the_metric_are_part_of_the_best_configuration(tmp_path):
    tuning = TuneConfig.model_validate({"space": SPACE, "metric": "ndcg@5"})
    search = Search.of("demo", load_config("demo", ["seed=7"]), tuning)
    best = loaded(tmp_path, best_yaml(search, TRIALS[0].settings))
    assert (best.seed, best.retrieval.validation_metric) == (7, "ndcg@5")


def test_a_file_is_named_by_its_whole_path(tmp_path, monkeypatch):
    (tmp_path / "my.yaml").write_text("base: demo\nname: mine\n")
    monkeypatch.chdir(tmp_path)
    text = best_yaml(make_search("my.yaml"), TRIALS[3].settings)
    (tmp_path / "below").mkdir()
    assert loaded(tmp_path / "below", text).name == "mine"


def test_a_changed_type_keeps_the_options_that_it_shares_with_the_former(tmp_path):
    """Both types have 512 draws; merging alone would fall back to the default of 2048."""
    (tmp_path / "my.yaml").write_text(
        "base: demo\nretrieval: {negatives: {type: uniform, options: {number: 512}}}\n"
    )
    other = {"type": "popularity", "options": {"number": 512}}
    space = {"retrieval.negatives": {"choices": [other, {"type": "uniform"}]}}
    search = make_search(str(tmp_path / "my.yaml"), space)
    best = loaded(tmp_path, best_yaml(search, {"retrieval.negatives": other}))
    assert best.retrieval.negatives.type == "popularity"
    assert best.retrieval.negatives.options["number"] == 512


def test_a_label_names_what_is_not_as_it_stands():
    assert label(SEARCH, TRIALS[0]) == "as it stands"
    assert label(SEARCH, TRIALS[3]) == "embedding_learning_rate=0.0123 history_share=[0.5, 0.8]"


def test_a_label_has_whole_keys_where_the_ends_are_the_same():
    space = {
        "retrieval.loss.type": {"choices": ["softmax", "bpr"]},
        "retrieval.negatives.type": {"choices": ["uniform", "popularity"]},
    }
    search = make_search(space=space)
    settings = {"retrieval.loss.type": "bpr", "retrieval.negatives.type": "popularity"}
    trial = replace(TRIALS[0], settings=settings)
    assert label(search, trial) == "retrieval.loss.type=bpr retrieval.negatives.type=popularity"


def test_the_table_shows_complete_trials_best_first():
    text = drawn(TRIALS)
    assert re.findall(r"^│ +(\d+) │", text, re.MULTILINE) == ["3", "4", "0"]
    assert "5 trials: 3 complete, 1 pruned, 1 failed" in text


def test_the_table_shows_brackets_as_they_are():
    assert "history_share=[0.5, 0.8]" in drawn(TRIALS)


def test_the_configuration_as_it_stands_is_shown_below_the_ten_best():
    better = [make_trial(number, 0.5, width=number) for number in range(1, 13)]
    text = drawn([TRIALS[0], *better])
    assert "as it stands" in text
    assert "embedding_dim=10" in text
    assert "embedding_dim=11" not in text


def test_the_outcome_tells_the_gain():
    # 0.31 - 0.25
    assert outcome(SEARCH, TRIALS).startswith(
        "Trial 3 has the best recall@20, 0.3100: 0.0600 above"
    )


def test_the_outcome_tells_that_there_is_no_gain():
    trials = [TRIALS[0], make_trial(1, 0.25, width=8)]
    assert outcome(SEARCH, trials).startswith("No trial is better than the configuration")


@pytest.mark.parametrize("trials", [TRIALS[:1], TRIALS])
def test_the_picture_is_a_png(tmp_path, trials):
    write_plot(SEARCH, trials, tmp_path)
    assert (tmp_path / PLOT).read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in tmp_path.iterdir()] == [PLOT]


def test_present_settings_beyond_the_space_have_no_place_in_the_picture(tmp_path):
    space = {WIDTH: {"choices": [8, 16]}, "retrieval.training.clip_norm": {"low": 1, "high": 2}}
    search = make_search(space=space)
    settings = {parameter.key: parameter.present for parameter in search.parameters}
    trial = replace(TRIALS[0], settings=settings)
    write_plot(search, [trial], tmp_path)
    assert (tmp_path / PLOT).exists()
