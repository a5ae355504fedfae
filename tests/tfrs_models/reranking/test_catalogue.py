import datetime

import numpy as np
import pyarrow as pa
import pytest

from configs.errors import ConfigError, DataError
from tfrs_models.reranking.catalogue import Catalogue, read_catalogue
from tfrs_models.reranking.needs import Needs

DAY = 86_400


def columns_of(values: pa.Array, separator: str | None = None) -> list[list[str]]:
    """The names of each row's values."""
    needs = Needs(columns=frozenset({"x"}))
    separators = {} if separator is None else {"x": separator}
    column = read_catalogue(pa.table({"x": values}), needs, separators, None).columns["x"]
    names = list(column.code_of)
    return [[names[c] for c in column.take(np.array([row])).codes] for row in range(len(column))]


def read(needs: Needs, **columns: object) -> Catalogue:
    return read_catalogue(pa.table(columns), needs, {}, None)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array(["a", None, ""]), [["a"], [], []]),
        (pa.array([["a", "b"], [], None, ["b", None, "b"]]), [["a", "b"], [], [], ["b"]]),
        (pa.array([5, None]), [["5"], []]),
        (pa.array([5.0, 2.5]), [["5"], ["2.5"]]),
        (pa.array([True, False]), [["true"], ["false"]]),
        (pa.array(["a", "a"]).dictionary_encode(), [["a"], ["a"]]),
    ],
)
def test_values_of_any_type_have_names(values: pa.Array, expected: list[list[str]]) -> None:
    assert columns_of(values) == expected


@pytest.mark.parametrize("values", [["a| b|", None], [["a", "b"], None]])
def test_a_joined_text_and_a_list_are_the_same(values: list[object]) -> None:
    assert columns_of(pa.array(values), "|") == [["a", "b"], []]


def test_not_a_number_is_missing() -> None:
    assert columns_of(pa.array([float("nan"), 1.0])) == [[], ["1"]]


@pytest.mark.parametrize(
    "values",
    [
        pa.array([DAY, None]),
        pa.array([float(DAY), float("nan")]),
        pa.array([datetime.datetime(1970, 1, 2, tzinfo=datetime.UTC), None], pa.timestamp("ns")),
        pa.array([datetime.date(1970, 1, 2), None]),
    ],
)
def test_times_of_any_type_are_seconds(values: pa.Array) -> None:
    times = read(Needs(times=frozenset({"x"})), x=values).times["x"]
    assert times.tolist() == [DAY, -1]


def test_an_age_counts_days_to_the_request() -> None:
    catalogue = read(Needs(times=frozenset({"x"})), x=[0, 3 * DAY, 5 * DAY, None])
    ages = catalogue.candidates(np.arange(4), np.zeros(4), now=4.0 * DAY).ages["x"]
    # The third is later than the request.
    np.testing.assert_array_equal(ages, [4, 1, np.nan, np.nan])


def test_a_popularity_that_is_missing_or_negative_is_0() -> None:
    counts = read(Needs(popularity=True), popularity=[3.0, None, -1.0, float("nan")]).popularity
    assert counts is not None
    assert counts.tolist() == [3, 0, 0, 0]


def test_only_what_is_needed_is_read() -> None:
    catalogue = read_catalogue(pa.table({"x": ["a"]}), Needs(), {}, np.ones((1, 2), np.float32))
    assert catalogue == Catalogue(size=1)


def test_a_missing_column_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"`genre` .* Did you mean `genres`\?"):
        read(Needs(columns=frozenset({"genre"})), genres=["a"])


def test_a_column_without_times_is_refused() -> None:
    with pytest.raises(DataError, match=r"times or seconds .* `x` .* holds string"):
        read(Needs(times=frozenset({"x"})), x=["yesterday"])


def test_a_popularity_that_is_no_number_is_refused() -> None:
    with pytest.raises(DataError, match="numbers from the column `popularity`"):
        read(Needs(popularity=True), popularity=["much"])
