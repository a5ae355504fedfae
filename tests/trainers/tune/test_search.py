"""The folder of a search: what it began with, and the trials that have ended."""

import pytest
from support.searches import RATE, SPACE, WIDTH, make_search, make_trial

from configs.errors import ArtifactError, ConfigError
from configs.load import load_config
from configs.tune import TuneConfig
from trainers.folders import BusyError, locked
from trainers.tune.search import (
    Search,
    check_same,
    forget,
    read_trials,
    search_folder,
    write_trials,
)

TRIALS = (
    make_trial(0, 0.25, curve=(0.1, 0.25)),
    make_trial(1, 0.2, "pruned", curve=(0.2,), width=8, share=[0.5, 0.8]),
    make_trial(2, None, "failed", reason="the loss is nan"),
)


def refusal(folder, search, data="data"):
    with pytest.raises(ArtifactError) as raised:
        check_same(folder, search, data)
    return str(raised.value)


def test_a_search_is_named_after_its_configuration(tmp_path):
    assert search_folder(tmp_path, load_config("demo")) == tmp_path / "tune" / "demo"


def test_trials_come_back_as_they_were(tmp_path):
    write_trials(tmp_path, TRIALS)
    assert read_trials(tmp_path) == TRIALS


def test_where_nothing_has_begun_there_are_no_trials(tmp_path):
    assert read_trials(tmp_path) == ()


@pytest.mark.parametrize("text", ["", "[", '[{"number": 1}]', '[{"curve": [1]}]'])
def test_damaged_trials_are_refused_with_the_way_out(tmp_path, text):
    (tmp_path / "trials.json").write_text(text)
    with pytest.raises(ArtifactError, match=r"trials\.json` cannot be read.*`--new`"):
        read_trials(tmp_path)


def test_the_same_search_goes_on(tmp_path):
    check_same(tmp_path, make_search(), "data")
    check_same(tmp_path, make_search(), "data")


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        (make_search(seed=2), "`seed` was 1 and is 2"),
        (
            make_search(space={**SPACE, WIDTH: {"low": 8, "high": 32}}),
            f"`space.{WIDTH}.high` was 64.0 and is 32.0",
        ),
        (
            make_search(space={WIDTH: SPACE[WIDTH], RATE: SPACE[RATE]}),
            "`space.retrieval.history_share.choices` was [[0.6, 0.9], [0.5, 0.8]] and is None",
        ),
    ],
)
def test_another_space_is_refused_with_what_changed(tmp_path, search, expected):
    check_same(tmp_path, make_search(), "data")
    message = refusal(tmp_path, search)
    assert f"began otherwise: {expected}. " in message
    assert "`--artifacts`" in message
    assert "`--new`" in message


def test_another_configuration_is_refused_with_what_changed(tmp_path):
    check_same(tmp_path, make_search(), "data")
    tuning = TuneConfig.model_validate({"space": SPACE, "seed": 1})
    other = Search.of("demo", load_config("demo", ["retrieval.temperature=0.5"]), tuning)
    assert "`retrieval.temperature` was 0.15 and is 0.5." in refusal(tmp_path, other)


def test_other_data_are_refused(tmp_path):
    check_same(tmp_path, make_search(), "data")
    message = refusal(tmp_path, make_search(), "other")
    assert "`data.fingerprint` was 'data' and is 'other'." in message


def test_many_changes_are_cut(tmp_path):
    check_same(tmp_path, make_search(), "data")
    # demo and online_retail differ in their name, data, features and more.
    assert "; and " in refusal(tmp_path, make_search("online_retail"))


def test_more_trials_are_the_same_search(tmp_path):
    config = load_config("demo")
    for trials in (3, 30):
        tuning = TuneConfig.model_validate({"space": SPACE, "trials": trials})
        check_same(tmp_path, Search.of("demo", config, tuning), "data")


def test_the_metric_of_the_space_is_checked():
    tuning = TuneConfig.model_validate({"space": SPACE, "metric": "ndgc@5"})
    with pytest.raises(ConfigError, match=r"the metric of the search: .*Did you mean `ndcg@5`"):
        Search.of("demo", load_config("demo"), tuning)


def test_a_forgotten_search_leaves_nothing(tmp_path):
    folder = tmp_path / "demo"
    folder.mkdir()
    write_trials(folder, TRIALS)
    forget(folder)
    assert not folder.exists()


def test_a_running_search_is_not_forgotten(tmp_path):
    write_trials(tmp_path, TRIALS)
    with locked(tmp_path), pytest.raises(BusyError):
        forget(tmp_path)
    assert read_trials(tmp_path) == TRIALS
