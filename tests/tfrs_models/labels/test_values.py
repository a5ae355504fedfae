"""Each label by hand; see the shop in `conftest.py`."""

import pyarrow as pa
import pytest

from configs.errors import ConfigError, DataError
from tfrs_models.labels import column, event_type, positive, value
from tfrs_models.labels._touched import Touched


def test_pairs_are_told_with_their_events(dataset, pairs: Touched) -> None:
    assert pairs.user.tolist() == [2, 2, 3]
    assert pairs.item.tolist() == [2, 3, 3]
    assert pairs.events.tolist() == [1, 3, 4, 2, 6]
    assert pairs.first.tolist() == [0, 3, 4, 5]
    assert pairs.last_events.tolist() == [4, 2, 6]


def test_a_positive_is_an_event_with_weight(dataset, pairs: Touched) -> None:
    # The cart of day 11 has weight, and the view after it takes nothing back.
    assert positive.labels(positive.Options(), dataset, pairs).tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    ("types", "expected"),
    [(("buy",), [0, 0, 1]), (("cart", "buy"), [1, 0, 1]), (("view",), [1, 1, 0])],
)
def test_an_event_of_one_of_the_types_counts(dataset, pairs, types, expected) -> None:
    found = event_type.labels(event_type.Options(types=types), dataset, pairs)
    assert found.tolist() == expected


def test_a_type_that_is_not_there_is_told_the_nearest(dataset, pairs: Touched) -> None:
    message = "names `cort`, and no event is of that type. Did you mean `cart`"
    with pytest.raises(ConfigError, match=message):
        event_type.labels(event_type.Options(types=("view", "cort")), dataset, pairs)


def test_the_latest_value_counts(dataset, pairs: Touched) -> None:
    # Of day 12; then two events without one.
    found = value.labels(value.Options(low=3, high=3), dataset, pairs)
    assert str(found.tolist()) == "[3.0, nan, nan]"


@pytest.mark.parametrize(
    ("options", "text"), [({"low": 3.5}, "from 3.5 to inf"), ({"high": 2}, "from -inf to 2")]
)
def test_a_value_outside_its_range_is_refused(dataset, pairs, options, text) -> None:
    with pytest.raises(DataError, match=f"is 3, outside its range {text}: mend the data"):
        value.labels(value.Options(**options), dataset, pairs)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array([0, 0, 7, 0, 20_000_001, 0, None], pa.int64()), "[20000000.0, 7.0, nan]"),
        (pa.array([0, 0, 0.5, 0, -1.5, 0, 1e10], pa.float64()), "[-1.5, 0.5, 10000000000.0]"),
        (pa.array([False, True, None, True, True, True, False]), "[1.0, nan, 0.0]"),
        (
            pa.array([0, 0, 1, 0, 2, 0, 3], pa.int64()).cast(pa.decimal128(20, 0)),
            "[2.0, 1.0, 3.0]",
        ),
    ],
    ids=["int", "float", "bool", "decimal"],
)
def test_a_column_gives_the_number_of_the_latest_event(
    dataset, pairs, add_column, values, expected
) -> None:
    add_column("watched", values)
    found = column.labels(column.Options(column="watched"), dataset, pairs)
    assert str(found.tolist()) == expected


def test_a_column_in_pieces_is_read_whole(dataset, pairs, add_column) -> None:
    add_column("watched", pa.chunked_array([[0, 1, 2], [3, 4, 5, 6]]))
    found = column.labels(column.Options(column="watched"), dataset, pairs)
    assert found.tolist() == [4, 2, 6]


@pytest.mark.parametrize("values", [list("1234567"), [[1]] * 7], ids=["text", "lists"])
def test_a_column_without_numbers_is_refused(dataset, pairs, add_column, values) -> None:
    add_column("watched", pa.array(values))
    with pytest.raises(ConfigError, match=r"names `watched`, which holds .*: name a column of num"):
        column.labels(column.Options(column="watched"), dataset, pairs)


def test_a_column_that_is_not_there_is_told_the_nearest(dataset, pairs, add_column) -> None:
    add_column("watched", pa.array([0.0] * 7))
    with pytest.raises(ConfigError, match=r"which the events do not have\. Did you mean `watched`"):
        column.labels(column.Options(column="wached"), dataset, pairs)
