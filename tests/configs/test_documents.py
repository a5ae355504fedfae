"""Reading YAML strictly."""

from datetime import date

import pytest

from configs import documents
from configs.errors import ConfigError


def refusal(text: str) -> str:
    with pytest.raises(ConfigError) as raised:
        documents.parse(text, "my.yaml")
    return str(raised.value)


def test_values_are_those_of_safe_yaml():
    text = "a: 1\nb: [1.5, x, null]\nc: {d: true}\ne: 2011-12-09"
    values = {"a": 1, "b": [1.5, "x", None], "c": {"d": True}, "e": date(2011, 12, 9)}
    assert documents.parse(text, "my.yaml").values == values


def test_the_place_of_every_key_is_kept():
    places = documents.parse("a: 1\n\nb:\n  c: 2\n", "my.yaml").places
    assert places == {("a",): "my.yaml:1", ("b",): "my.yaml:3", ("b", "c"): "my.yaml:4"}


def test_an_empty_document_is_an_empty_mapping():
    assert documents.parse("# nothing\n", "my.yaml").values == {}


def test_a_key_that_stands_twice_is_refused_with_its_line():
    assert refusal("a: 1\nb: 2\na: 3\n").startswith("my.yaml:3: the key `a` stands twice")


def test_the_same_key_in_two_mappings_is_fine():
    assert documents.parse("a: {x: 1}\nb: {x: 2}", "my.yaml").values["b"] == {"x": 2}


def test_an_alias_is_refused():
    assert "my.yaml:1: anchors (`&`) and aliases (`*`) are refused" in refusal("a: &x [1]\nb: *x")


def test_a_billion_laughs_are_refused_before_they_unfold():
    lines = ["a0: &a0 [lol]"] + [
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)
    ]
    assert "anchors" in refusal("\n".join(lines))


def test_a_document_past_the_limit_is_refused():
    assert "at most 1048576 characters" in refusal("#" * (2**20 + 1))


def test_deep_nesting_is_refused():
    assert "nested deeper than 32 levels" in refusal("a: " + "[" * 40 + "]" * 40)


@pytest.mark.parametrize("key", ["yes", "1", "1.5", "null", "2011-12-09"])
def test_a_key_that_is_no_text_is_refused(key):
    assert f"a key must be text; received `{key}`" in refusal(f"{key}: 1")


def test_a_list_as_key_is_refused():
    assert "a key must be text; received a list" in refusal("? [a]\n: 1")


@pytest.mark.parametrize("text", ["- 1", "just text", "3"])
def test_anything_but_a_mapping_is_refused(text):
    assert "the top of a configuration must be a mapping" in refusal(text)


@pytest.mark.parametrize(
    "text",
    [
        "a: !!python/object/apply:os.system [ls]",
        "a: !unknown 1",
        "a: !!set {b: null}",
        "a: [1, 2",
        "a: 1\n\tb: 2",
        "a: \x00",
        "a: 2011-99-99",
        "<<: {a: 1}",
        "---\na: 1\n---\nb: 2",
        "a: \ud800",
    ],
)
def test_what_is_no_safe_yaml_is_refused_with_the_place(text):
    message = refusal(text)
    assert message.startswith("my.yaml")
    assert "this is no valid YAML" in message or "anchors" in message


def test_a_missing_value_says_how_to_write_none():
    with pytest.raises(ConfigError, match="write `null` for none"):
        documents.parse_value(" ", "--set a")


def test_what_is_written_is_read_back():
    values = {"a": {"b": [1, 2.5, None, "yes", "é"]}, "c": "1", "d": [], "e": {}}
    assert documents.parse(documents.dump(values), "x").values == values


def test_lists_are_written_inline():
    assert documents.dump({"ks": [5, 10]}) == "ks: [5, 10]\n"
