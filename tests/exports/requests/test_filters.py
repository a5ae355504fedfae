import pytest

from exports.requests.filters import Filter
from tfrs_models.backend import tf
from tfrs_models.reranking.column import Column


@pytest.fixture
def genres() -> Filter:
    return Filter(Column.of([["war", "drama"], [], ["comedy"], ["drama", "war"]]), "genres")


def allowed(one: Filter, *wanted: list[str]) -> list[list[int]]:
    return [row.nonzero()[0].tolist() for row in one.allowed(tf.constant([*wanted])).numpy()]


def test_items_with_one_of_the_values_are_allowed(genres: Filter) -> None:
    assert allowed(genres, ["war", ""], ["comedy", "drama"]) == [[0, 3], [0, 2, 3]]


def test_without_a_value_all_are(genres: Filter) -> None:
    assert allowed(genres, ["", ""]) == [[0, 1, 2, 3]]


def test_an_unknown_value_allows_none(genres: Filter) -> None:
    assert allowed(genres, ["western"]) == [[]]


def test_a_column_may_have_no_value_at_all() -> None:
    empty = Filter(Column.of([[], []]), "genres")
    assert allowed(empty, ["war"], [""]) == [[], [0, 1]]
