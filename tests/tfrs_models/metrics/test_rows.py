import numpy as np

from tfrs_models.metrics.rows import Rows, contains, distinct

ROWS = Rows(np.array([0, 2, 2, 5]), np.array([7, 3, 4, 9, 4], np.int32))


def as_lists(rows: Rows) -> list[list[int]]:
    return [
        rows.items[start:stop].tolist()
        for start, stop in zip(rows.indptr[:-1], rows.indptr[1:], strict=True)
    ]


def test_lengths_and_owners_describe_the_rows():
    assert ROWS.lengths.tolist() == [2, 0, 3]
    assert ROWS.owners.tolist() == [0, 0, 2, 2, 2]


def test_take_keeps_the_order_asked_for_and_repeats():
    assert as_lists(ROWS.take(np.array([2, 1, 0, 2]))) == [[4, 9, 4], [], [7, 3], [4, 9, 4]]


def test_take_of_nothing_has_no_rows():
    assert len(ROWS.take(np.array([], np.intp))) == 0


def test_where_may_leave_rows_empty():
    assert as_lists(ROWS.where(ROWS.items == 4)) == [[], [], [4, 4]]


def test_from_owners_leaves_unnamed_rows_empty():
    rows = Rows.from_owners(np.array([1, 1, 3]), np.array([5, 6, 7], np.int32), 5)
    assert as_lists(rows) == [[], [5, 6], [], [7], []]


def test_distinct_sorts_and_drops_repeats():
    assert distinct(np.array([5, 2, 5, 9, 2])).tolist() == [2, 5, 9]
    assert distinct(np.array([], np.int64)).tolist() == []


def test_contains_finds_keys_inside_and_beyond_the_range():
    wanted = np.array([[1, 2], [5, 10]])
    assert contains(np.array([2, 5, 9]), wanted).tolist() == [[False, True], [True, False]]


def test_no_keys_contain_nothing():
    assert contains(np.array([], np.int64), np.array([1, 2])).tolist() == [False, False]


def test_latest_keeps_the_end_of_each_row():
    assert as_lists(ROWS.latest(np.array([1, 5, 2]))) == [[3], [], [9, 4]]
    assert as_lists(ROWS.latest(np.array([0, 0, 3]))) == [[], [], [4, 9, 4]]


def test_then_puts_rows_behind():
    more = Rows(np.array([0, 0, 1]), np.array([8], np.int32))
    assert as_lists(ROWS.then(more)) == [[7, 3], [], [4, 9, 4], [], [8]]
