import numpy as np

from tfrs_models.evaluation.selection import largest_columns
from tfrs_models.evaluation.sparse import indicator, keep_largest, row_blocks, train_matrix
from tfrs_models.metrics.rows import Rows


def test_largest_columns_skip_minus_infinity():
    scores = np.array([[1, -np.inf, 3], [-np.inf] * 3], np.float32)
    assert largest_columns(scores, 3).tolist() == [[2, 0, -1], [-1, -1, -1]]


def test_largest_columns_of_more_than_there_are():
    assert largest_columns(np.array([[4, 6]], np.float32), 3).tolist() == [[1, 0, -1]]


def test_keep_largest_drops_what_is_not_positive():
    dense = np.array([[0, 3, 1, 2], [-1, 0, 0, 0], [5, 5, 5, 0]], np.float32)
    assert keep_largest(dense, 2).toarray().tolist() == [[0, 3, 0, 2], [0] * 4, [5, 5, 0, 0]]


def test_keep_largest_of_more_than_there_are_keeps_all():
    assert keep_largest(np.ones((1, 2), np.float32), 9).toarray().tolist() == [[1, 1]]


def test_indicator_is_one_however_often_an_item_repeats():
    rows = Rows(np.array([0, 3, 3]), np.array([2, 4, 2], np.int32))
    assert indicator(rows, 5).toarray().tolist() == [[0, 0, 1, 0, 1], [0] * 5]


def test_indicator_leaves_the_order_of_its_rows_alone():
    rows = Rows(np.array([0, 3], np.int64), np.array([4, 2, 4], np.int32))
    indicator(rows, 5)
    assert rows.items.tolist() == [4, 2, 4]


def test_the_train_matrix_holds_training_positives_alone(dataset):
    events, matrix = dataset.events, train_matrix(dataset)
    assert matrix.shape == (dataset.num_users, dataset.num_items)
    learned = events.split == 0
    pairs = set(zip(events.user[learned].tolist(), events.item[learned].tolist(), strict=True))
    assert set(zip(*(axis.tolist() for axis in matrix.nonzero()), strict=True)) == pairs


def test_row_blocks_cover_all_rows_once_even_when_one_row_is_too_wide():
    for width in (1, 10**5, 10**9):
        blocks = row_blocks(50, width)
        covered = [row for block in blocks for row in range(block.start, block.stop)]
        assert covered == list(range(50))
