"""From presets, files and overrides to a configuration, or to all that is wrong with it."""

import pytest

from configs.documents import dump
from configs.errors import ConfigError
from configs.load import load_config, preset_names
from configs.run import RunConfig, fingerprint


def write(folder, text, name="my.yaml"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def refusal(source, *overrides):
    with pytest.raises(ConfigError) as raised:
        load_config(source, overrides)
    return str(raised.value)


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_loads(name):
    assert isinstance(load_config(name), RunConfig)


@pytest.mark.parametrize("name", ["demo", "movielens_100k", "online_retail"])
def test_a_preset_that_runs_carries_its_own_name(name):
    assert load_config(name).name == name


def test_an_empty_file_is_the_default_run(tmp_path):
    assert load_config(write(tmp_path, "")) == RunConfig()


@pytest.mark.parametrize("name", preset_names())
def test_the_resolved_configuration_loads_as_the_same(name, tmp_path):
    config = load_config(name)
    again = load_config(write(tmp_path, dump(config.model_dump(mode="json"))))
    assert again == config
    assert fingerprint(again) == fingerprint(config)


def test_an_unknown_preset_names_the_nearest():
    message = refusal("movielens_10k")
    assert "no preset and no file is called `movielens_10k`" in message
    assert "Did you mean `movielens_100k`?" in message


def test_a_file_that_is_no_utf8_is_refused(tmp_path):
    path = tmp_path / "my.yaml"
    path.write_bytes(b"name: caf\xe9\n")
    assert refusal(str(path)) == "my.yaml: must be UTF-8 text; byte 9 is not"


def test_a_base_is_merged_key_by_key(tmp_path):
    source = write(tmp_path, "base: demo\nretrieval: {training: {epochs: 2}}\n")
    config, demo = load_config(source), load_config("demo")
    assert config.retrieval.training.epochs == 2
    assert config.retrieval.training.batch_size == demo.retrieval.training.batch_size
    assert config.name == "demo"


def test_a_base_file_lies_beside_the_file_that_names_it(tmp_path):
    write(tmp_path, "seed: 7\nname: a\n", "common.yaml")
    config = load_config(write(tmp_path, "base: common.yaml\nname: b\n"))
    assert (config.seed, config.name) == (7, "b")


def test_a_list_replaces_that_of_the_base(tmp_path):
    write(tmp_path, "evaluation: {ks: [1, 2, 3]}", "common.yaml")
    config = load_config(write(tmp_path, "base: common.yaml\nevaluation: {ks: [4]}"))
    assert config.evaluation.ks == (4,)


def test_bases_in_a_circle_are_refused(tmp_path):
    write(tmp_path, "base: b.yaml", "a.yaml")
    write(tmp_path, "base: a.yaml", "b.yaml")
    message = refusal(str(tmp_path / "a.yaml"))
    assert "goes round in a circle: a.yaml -> b.yaml -> a.yaml" in message


def test_a_base_that_is_no_name_is_refused(tmp_path):
    message = refusal(write(tmp_path, "seed: 1\nbase: [demo]"))
    assert message.startswith("my.yaml:2: `base` must be the name of a preset")
    assert "received ['demo']" in message


def test_a_changed_type_drops_the_options_of_the_other_type(tmp_path):
    text = "data: {split: {type: global_temporal, options: {test_days: 3}}}"
    config = load_config(write(tmp_path, text), ["data.split.type=leave_last_out"])
    assert "test_days" not in config.data.split.options


def test_the_same_type_keeps_the_options(tmp_path):
    text = "data: {split: {type: global_temporal, options: {test_days: 3}}}"
    config = load_config(write(tmp_path, text), ["data.split.options.validation_days=2"])
    assert config.data.split.options["test_days"] == 3
    assert config.data.split.options["validation_days"] == 2


def test_an_override_is_read_as_yaml():
    config = load_config("demo", ["evaluation.ks=[3, 4]", "evaluation.max_users=null", "name=x"])
    assert (config.evaluation.ks, config.evaluation.max_users, config.name) == ((3, 4), None, "x")


def test_a_value_may_hold_an_equals_sign():
    message = refusal("demo", "seed=a=b")
    assert "`seed` (--set seed)" in message
    assert "received 'a=b'" in message


def test_the_later_override_wins():
    assert load_config("demo", ["seed=1", "seed=2"]).seed == 2


def test_overrides_below_a_missing_section_make_it():
    config = load_config("reference", ["features.crosses.pair.of=[user_id, item_id]"])
    assert config.features.crosses["pair"].of == ("user_id", "item_id")


@pytest.mark.parametrize("text", ["seed", "=3", "a..b=3", ".a=1", "", "a.=1"])
def test_an_override_without_path_or_value_shows_the_form(text):
    assert "`--set` takes `key.path=value`" in refusal("demo", text)


def test_an_override_without_a_value_is_refused():
    assert refusal("demo", "seed=").startswith("--set seed: the value is missing")


def test_an_unknown_path_names_the_nearest_key():
    message = refusal("demo", "retrieval.embeding_dim=3")
    assert (
        "`retrieval.embeding_dim` (--set retrieval.embeding_dim): there is no such key" in message
    )
    assert "received 3. Did you mean `embedding_dim`?" in message


def test_a_path_through_a_plain_value_is_refused():
    assert "`seed` (--set seed.x): Input should be a valid integer" in refusal("demo", "seed.x=1")


def test_every_wrong_setting_is_listed_with_its_place(tmp_path):
    source = write(
        tmp_path,
        "seed: -1\nretrieval:\n  embedding_dim: x\n  temprature: 0.1\nevaluation: {ks: []}\n",
    )
    lines = refusal(source, "data.min_item_events=0").splitlines()
    assert lines[0].endswith("5 settings wrong")
    assert lines[1:6] == [
        "  `seed` (my.yaml:1): Input should be greater than or equal to 0; received -1.",
        "  `data.min_item_events` (--set data.min_item_events): "
        "Input should be greater than or equal to 1; received 0.",
        "  `retrieval.embedding_dim` (my.yaml:3): "
        "Input should be a valid integer, unable to parse string as an integer; received 'x'.",
        lines[4],
        "  `evaluation.ks` (my.yaml:5): "
        "Tuple should have at least 1 item after validation, not 0; received [].",
    ]
    assert "`retrieval.temprature` (my.yaml:4): there is no such key; received 0.1" in lines[4]
    assert "Did you mean `temperature`?" in lines[4]


def test_the_way_out_closes_the_list():
    assert refusal("demo", "seed=-1").splitlines()[-1] == (
        "Mend the file or add `--set key.path=value`; "
        "`tfrs config reference` shows every setting with its default."
    )


def test_a_long_value_is_cut():
    message = refusal("demo", f"seed={'x' * 500}")
    assert len(message) < 400
    assert "xxx..." in message


def test_a_fault_of_an_option_stands_at_its_path():
    message = refusal("demo", "export.index.type=scann", "export.index.options={num_leafs: 3}")
    assert "`export.index.options.num_leafs`" in message
    assert "Did you mean `num_leaves`?" in message


def test_a_fault_of_a_source_stands_below_its_name():
    message = refusal("demo", "data.simulated={users: 0, itmes: 3}", "seed=-1")
    assert "`data.simulated.users`" in message
    assert "`data.simulated.itmes`" in message
    assert "Did you mean `items`?" in message
    assert "`seed`" in message


def test_a_source_that_is_not_chosen_is_checked_too():
    assert "`data.files.evnts`" in refusal("demo", "data.files.evnts=x")


def test_a_key_of_data_names_the_nearest_of_keys_and_sources():
    assert "Did you mean `simulated`?" in refusal("demo", "data.simulatd.users=3")
    assert "Did you mean `min_item_events`?" in refusal("demo", "data.min_item_event=3")


def test_an_unknown_source_is_a_fault_of_the_key_source():
    message = refusal("demo", "data.source=file", "data.min_item_events=0")
    assert "`data.source` (--set data.source): no source is called `file`." in message
    assert "Did you mean `files`?" in message
    assert "`data.min_item_events`" in message


def test_an_unknown_type_is_a_fault_of_the_key_type():
    message = refusal("demo", "data.split.type=global", "data.split.options={a: 1}")
    assert "`data.split.type` (--set data.split.type): no split is called `global`." in message
    assert "1 setting wrong" in message


def test_a_fault_of_a_feature_option_is_listed_beside_those_of_the_feature():
    feature = "features.item.fresh={type: text, bukets: 3, stagse: [ranking], embedding_dim: 0}"
    message = refusal("demo", feature)
    assert "`features.item.fresh.bukets`" in message
    assert "Did you mean `buckets`?" in message
    assert "Did you mean `stages`?" in message
    assert "`features.item.fresh.embedding_dim`" in message


def test_an_unknown_feature_type_names_the_nearest():
    message = refusal("demo", "features.item.fresh={type: txt, buckets: 3}")
    assert "`features.item.fresh.type`" in message
    assert "no feature is called `txt`. Did you mean `text`?" in message


def test_a_feature_without_a_type_is_told_so():
    assert (
        "`features.item.fresh.type` (--set features.item.fresh): this key is required."
        in refusal("demo", "features.item.fresh={column: x}")
    )


def test_an_unknown_baseline_names_the_nearest():
    assert "Did you mean `ease`?" in refusal("demo", "evaluation.baselines=[eas]")


def test_a_third_party_module_that_is_missing_is_named():
    message = refusal("demo", "export.index.type=no_such_package.index")
    assert "the index `no_such_package.index` cannot be imported" in message


def test_a_third_party_module_without_options_is_refused():
    message = refusal("demo", "export.index.type=os.path")
    assert "its module must hold `class Options(Section)`" in message


def test_defaults_of_plugins_are_part_of_the_configuration():
    config = load_config("demo")
    assert set(config.data.model_dump()["simulated"]) == set(
        type(config.data.source_options).model_fields
    )
    assert config.features.item["item_id"].model_dump()["min_count"] == 1
