"""What a request asks for is told from the columns of who asks."""

import numpy as np

from exports.loader import Input
from exports.requests.asked import asked_inputs, asked_rows, unranked

TEXT, TEXTS = Input("string", (None,)), Input("string", (None, None))


def test_a_filter_is_an_input_under_the_name_of_its_column() -> None:
    assert list(asked_inputs(["genres"])) == ["k", "diversity", "exclude", "only", "only_genres"]
    assert asked_inputs(["genres"])["only_genres"] == TEXTS


def test_without_ranking_there_is_no_diversity() -> None:
    assert list(unranked(asked_inputs([]))) == ["k", "exclude", "only"]


def test_every_request_gets_what_it_asks_for() -> None:
    rows = asked_rows(asked_inputs(["genres"]), 7, [["i1", "i2"], []], 0.5)
    assert rows["k"].tolist() == [7, 7]
    assert rows["diversity"].tolist() == [0.5, 0.5]
    # Shorter lists end in "".
    assert rows["exclude"].tolist() == [["i1", "i2"], ["", ""]]
    assert rows["only"].tolist() == rows["only_genres"].tolist() == [[""], [""]]


def test_types_are_those_of_the_inputs() -> None:
    rows = asked_rows(asked_inputs([]), 7, [[]])
    assert {name: one.dtype for name, one in rows.items()} == {
        "k": np.int32, "diversity": np.float32, "exclude": object, "only": object,
    }  # fmt: skip


def test_what_a_model_does_not_take_is_left_out() -> None:
    inputs = {"k": Input("int32", (None,)), "exclude": TEXTS}
    assert sorted(asked_rows(inputs, 3, [()])) == ["exclude", "k"]


def test_a_column_that_sounds_like_a_filter_is_told_by_its_shape() -> None:
    inputs = {"only_child": TEXT, "only_vector": Input("float32", (None, 3)), "only_genres": TEXTS}
    assert sorted(asked_rows(inputs, 3, [()])) == ["only_genres"]


def test_a_name_that_merely_begins_with_only_is_no_filter() -> None:
    assert asked_rows({"onlyfoods": TEXTS, "history": TEXTS}, 3, [()]) == {}
