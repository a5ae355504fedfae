import numpy as np
import pytest

from configs.errors import ArtifactError
from exports.requests.names import Names
from tfrs_models.backend import tf

NAMES = ["b", "a", "line\nbreak", "\u00e9", "c"]


@pytest.fixture
def names() -> Names:
    return Names(NAMES, "items")


def test_every_name_has_its_position(names: Names) -> None:
    assert names.positions(tf.constant(NAMES)).numpy().tolist() == [0, 1, 2, 3, 4]


def test_what_is_no_name_has_the_number_of_names(names: Names) -> None:
    assert names.positions(tf.constant([["", "d"], ["a", "b"]])).numpy().tolist() == [
        [5, 5],
        [1, 0],
    ]


def test_a_row_marks_its_names_and_no_others(names: Names) -> None:
    marked = names.marked(tf.constant([["a", "c", "a"], ["", "d", ""]])).numpy()
    assert [np.flatnonzero(row).tolist() for row in marked] == [[1, 4], []]


def test_rows_without_a_column_mark_nothing(names: Names) -> None:
    assert not names.marked(tf.zeros([2, 0], tf.string)).numpy().any()


def test_a_name_that_stands_twice_is_refused() -> None:
    with pytest.raises(ArtifactError, match="`a` and `a` have one fingerprint"):
        Names(["a", "b", "a"], "items")
