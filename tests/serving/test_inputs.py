import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.errors import ConfigError
from configs.export import MAX_K
from exports.loader import Input
from serving.inputs import History, check_request, one_row, query_arrays
from serving.request import Request

INPUTS = {
    "user_id": Input("string", (None,)),
    "age": Input("float32", (None,)),
    "city": Input("string", (None,)),
    "taste": Input("float32", (None, 2)),
    "timestamp": Input("int64", (None,)),
    "history": Input("string", (None, None)),
}


@pytest.mark.parametrize("k", [0, -1, MAX_K + 1])
def test_k_out_of_range_is_refused(k: int) -> None:
    with pytest.raises(ConfigError, match=f"`k` must be from 1 to 500, got {k}"):
        check_request(Request(k=k), INPUTS)


@pytest.mark.parametrize("k", [True, 1.0, "5", None])
def test_k_of_another_type_is_refused(k: object) -> None:
    with pytest.raises(ConfigError, match="`k` must be a whole number, got"):
        check_request(Request(k=k), INPUTS)


def test_a_user_id_with_half_a_character_is_refused() -> None:
    with pytest.raises(ConfigError, match="`user_id` must be text that UTF-8 can hold"):
        check_request(Request(user_id="\ud800"), INPUTS)


def test_a_user_id_that_is_no_text_is_refused() -> None:
    with pytest.raises(ConfigError, match="`user_id` must be text, got 42"):
        check_request(Request(user_id=42), INPUTS)


@pytest.mark.parametrize("field", ["history", "exclude"])
def test_ids_that_are_no_list_are_refused(field: str) -> None:
    with pytest.raises(ConfigError, match=f"`{field}` must be a list of item ids, got 'i1'"):
        check_request(Request(**{field: "i1"}), INPUTS)


@pytest.mark.parametrize("field", ["history", "exclude"])
def test_an_id_that_is_no_text_is_refused_with_its_place(field: str) -> None:
    with pytest.raises(ConfigError, match=rf"`{field}\[1\]` must be text, got 7"):
        check_request(Request(**{field: ("i1", 7)}), INPUTS)


def test_an_unknown_feature_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"`features\.agee` .* Did you mean `age`\? Choose from"):
        check_request(Request(features={"agee": 3}), INPUTS)


@pytest.mark.parametrize("name", ["history", "history_type", "history_time", "user_id"])
def test_history_and_user_id_are_no_features(name: str) -> None:
    with pytest.raises(ConfigError, match=rf"`features\.{name}` is no feature"):
        check_request(Request(features={name: "x"}), INPUTS)


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("history_types", ("view", 3), r"`history_types\[1\]` must be text, got 3"),
        ("history_times", (1.5, 2), r"`history_times\[0\]` must be whole seconds"),
        ("history_times", (True, 2), r"`history_times\[0\]` must be whole seconds"),
        ("history_times", (1, 2**63), r"`history_times\[1\]` must be whole seconds"),
        ("history_times", (1,), r"`history_times` must be one value for each of the 2 items"),
        ("history_types", ("a", "b", "c"), r"`history_types` must be one value for each of the 2"),
    ],
)
def test_what_a_history_carries_is_checked(field: str, value: object, rule: str) -> None:
    with pytest.raises(ConfigError, match=rule):
        check_request(Request(history=("i1", "i2"), **{field: value}), INPUTS)


def test_types_and_times_need_a_history() -> None:
    with pytest.raises(ConfigError, match="each of the 0 items"):
        check_request(Request(history_types=("view",)), INPUTS)


def test_types_and_times_go_with_their_items() -> None:
    carried = {"history_type": INPUTS["history"], "history_time": Input("int64", (None, None))}
    history = History.of(("i1", "gone", "i2"), ("view", "cart", "buy"), (1, 2, 3))
    known = history.where(lambda item: item != "gone")
    arrays = query_arrays(Request(), {}, known, INPUTS | carried)
    assert arrays["history"].tolist() == [["i1", "i2"]]
    assert arrays["history_type"].tolist() == [["view", "buy"]]
    assert arrays["history_time"].tolist() == [[1, 3]]


def test_types_and_times_that_are_left_out_are_missing() -> None:
    history = History.of(("i1", "i2"), (), ())
    assert (history.types, history.times) == (("", ""), (-1, -1))


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("age", "old", "a number"),
        ("age", True, "a number"),
        ("age", math.nan, "finite"),
        ("age", math.inf, "finite"),
        ("age", 1e39, "finite"),
        ("age", 10**400, "finite"),
        ("age", [1.0], "a number"),
        ("city", 3, "text"),
        ("city", ["Oslo"], "text"),
        ("city", "\ud800", "UTF-8"),
        ("taste", 1.0, "a list of 2 numbers"),
        ("taste", [1.0], "a list of 2 numbers"),
        ("taste", [1.0, math.nan], "finite"),
        ("taste", ["a", "b"], "a number"),
        ("timestamp", 1.5, "whole seconds"),
        ("timestamp", True, "whole seconds"),
        ("timestamp", "2020-01-01", "whole seconds"),
        ("timestamp", 2**63, "64 bits"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(name: str, value: object, rule: str) -> None:
    with pytest.raises(ConfigError, match=rf"`features\.{name}` must be .*{rule}.*, got .*Leave"):
        one_row(name, value, INPUTS[name])


@given(st.sampled_from(sorted(INPUTS)), st.one_of(st.text(), st.floats(), st.integers(), st.none()))
def test_any_value_is_taken_whole_or_refused(name: str, value: object) -> None:
    try:
        row = one_row(name, value, INPUTS[name])
    except ConfigError:
        return
    assert row.shape[0] == 1


def test_what_is_not_given_is_missing() -> None:
    arrays = query_arrays(Request(features={"timestamp": None}), {}, History(), INPUTS)
    assert arrays["user_id"].tolist() == [""]
    assert np.isnan(arrays["age"]).all()
    assert np.isnan(arrays["taste"]).all()
    assert arrays["timestamp"].tolist() == [-1]
    assert arrays["history"].shape == (1, 0)


def test_every_input_gets_one_row() -> None:
    request = Request("u1", features={"age": 3, "city": "Oslo", "taste": (1, 2), "timestamp": 5})
    arrays = query_arrays(request, {}, History.of(("i1", "i2"), (), ()), INPUTS)
    assert {name: values.tolist() for name, values in arrays.items()} == {
        "user_id": ["u1"],
        "age": [3.0],
        "city": ["Oslo"],
        "taste": [[1.0, 2.0]],
        "timestamp": [5],
        "history": [["i1", "i2"]],
    }
