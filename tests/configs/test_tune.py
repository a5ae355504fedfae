"""The space that is searched: read strictly, and checked against a configuration."""

import pytest

from configs.errors import ConfigError
from configs.load import changed, load_config
from configs.tune import TuneConfig, load_tuning, measured_by, parameters

DEMO = load_config("demo")
WIDTH = "retrieval.embedding_dim"


def space(**entries):
    return TuneConfig.model_validate({"space": entries})


def of_demo(key, values):
    (parameter,) = parameters(DEMO, space(**{key: values}))
    return parameter


def refused(key, values):
    with pytest.raises(ConfigError) as raised:
        of_demo(key, values)
    return str(raised.value)


def written(folder, text):
    path = folder / "space.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refused_text(folder, text):
    with pytest.raises(ConfigError) as raised:
        load_tuning(written(folder, text))
    return str(raised.value)


def test_a_file_is_read_with_its_defaults(tmp_path):
    text = "space:\n  retrieval.temperature: {low: 0.05, high: 0.3, log: true}\n"
    tuning = load_tuning(written(tmp_path, text))
    assert (tuning.metric, tuning.trials, tuning.seed) == (None, 40, 42)
    assert tuning.space["retrieval.temperature"].ends() == (0.05, 0.3)


def test_choices_may_be_lists_and_sections(tmp_path):
    text = "space: {a: {choices: [[0.5, 0.8], [0.6, 0.9]]}, b: {choices: [{type: bpr}, 3]}}"
    tuning = load_tuning(written(tmp_path, text))
    assert tuning.space["a"].ends() == ([0.5, 0.8], [0.6, 0.9])
    assert tuning.space["b"].ends() == ({"type": "bpr"}, 3)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("trials: 3", "`space`: this key is required"),
        ("space: {}", "`space` (space.yaml:1): Dictionary should have at least 1 item"),
        ("trails: 3\nspace: {}", "`trails` (space.yaml:1): there is no such key"),
        ("trials: 0", "`trials` (space.yaml:1): Input should be greater than or equal to 1"),
        ("space: [a]", "`space` (space.yaml:1): Input should be a valid dict"),
        ("space:\n  a: 3", "`space.a` (space.yaml:2): Input should be a valid dictionary"),
        ("space: {a: {low: x, high: 1}}", "`space.a.low` (space.yaml:1): Input should be a valid"),
        ("space: {a: {low: 0, high: .inf}}", "`space.a.high` (space.yaml:1): Input should be a fi"),
        ("space: {a: {low: 2, high: 2}}", "`low` must be below `high`, received low 2 and high 2"),
        ("space: {a: {low: 0, high: 1, log: true}}", "`low` must be above 0 where `log` is true"),
        ("space: {a: {lwo: 0, high: 1}}", "Did you mean `low`?"),
        ("space: {a: {choices: []}}", "`space.a.choices` (space.yaml:1): Tuple should have at le"),
        ("space: {a: {choices: [1, 2, 1]}}", "1 stands twice: keep one of them"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place(tmp_path, text, expected):
    assert expected in refused_text(tmp_path, text)


def test_every_wrong_entry_is_listed(tmp_path):
    message = refused_text(tmp_path, "space: {a: {low: 2, high: 1}, b: {choices: [1]}}")
    assert "`space.a`" in message
    assert "`space.b.choices`" in message


def test_a_missing_file_is_named_with_an_example(tmp_path):
    with pytest.raises(ConfigError, match=r"no file is called `.*nope\.yaml`: give the path"):
        load_tuning(tmp_path / "nope.yaml")


def test_a_parameter_knows_the_present_value():
    assert of_demo("retrieval.temperature", {"low": 0.1, "high": 0.2}).present == 0.15
    assert of_demo("features.history.max_length", {"choices": [5, 50]}).present == 50


@pytest.mark.parametrize(
    ("key", "whole"),
    [
        (WIDTH, True),
        ("retrieval.training.batch_size", True),
        ("retrieval.popularity_prior", False),
        ("retrieval.training.clip_norm", False),  # missing at present
    ],
)
def test_a_range_is_whole_where_the_setting_is(key, whole):
    assert of_demo(key, {"low": 2, "high": 8}).whole is whole


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("retrieval.temprature", "Did you mean `temperature`?"),
        ("retrieval.training.optimiser", "Did you mean `optimizer`?"),
        ("retrieval.temperature.low", "there is no `low`"),
    ],
)
def test_a_key_that_the_configuration_does_not_have_is_refused(key, expected):
    message = refused(key, {"low": 1, "high": 2})
    assert f"`space.{key}`: the configuration has no such setting" in message
    assert expected in message


@pytest.mark.parametrize(
    "key", ["data.min_item_events", "features.item", "seed", "ranking.enabled", "retrieval"]
)
def test_a_setting_beyond_the_retrieval_stage_is_refused(key):
    assert "settings below `retrieval` and `features.history`" in refused(key, {"choices": [1, 2]})


@pytest.mark.parametrize("name", ["validation_metric", "validation_users", "refit"])
def test_a_setting_that_changes_the_measure_is_refused(name):
    assert "compared by one measure" in refused(f"retrieval.{name}", {"choices": [1, 2]})


@pytest.mark.parametrize(
    ("key", "values", "value"),
    [
        ("retrieval.temperature", {"low": -1, "high": 2}, "-1.0"),
        (WIDTH, {"low": 8, "high": 16.5}, "16.5"),
        ("retrieval.history_share", {"choices": [[0.5, 0.8], [0.9, 0.6]]}, "[0.9, 0.6]"),
        ("retrieval.loss.type", {"choices": ["bpr", "softmux"]}, "'softmux'"),
    ],
)
def test_a_value_that_the_configuration_refuses_is_refused_before_any_trial(key, values, value):
    message = refused(key, values)
    assert f"`space.{key}` holds {value}, which the configuration refuses" in message
    assert "`retrieval" in message


def test_the_metric_of_the_search_takes_the_place_of_the_configurations():
    tuning = TuneConfig.model_validate({"metric": "ndcg@10", "space": {WIDTH: {"choices": [1, 2]}}})
    assert measured_by(DEMO, tuning).retrieval.validation_metric == "ndcg@10"


def test_without_a_metric_the_configuration_stays():
    assert measured_by(DEMO, space(**{WIDTH: {"choices": [8, 16]}})) is DEMO


def test_changed_lays_plain_values_over_a_configuration():
    config = changed(DEMO, {WIDTH: 8, "retrieval.history_share": [0.5, 0.5]})
    assert (config.retrieval.embedding_dim, config.retrieval.history_share) == (8, (0.5, 0.5))
    assert changed(config, {WIDTH: 64, "retrieval.history_share": [0.6, 0.9]}) == DEMO


def test_changed_drops_the_options_of_a_former_type():
    options = {"retrieval.negatives": {"type": "uniform", "options": {"number": 3}}}
    other = changed(changed(DEMO, options), {"retrieval.negatives.type": "popularity"})
    assert other.retrieval.negatives.options["number"] == 2048
