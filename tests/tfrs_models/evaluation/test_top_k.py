import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from configs.errors import DataError
from tfrs_models.evaluation.queries import Queries
from tfrs_models.evaluation.top_k import blocks, top_k_lists
from tfrs_models.metrics.rows import Rows


def make_queries(seen):
    lengths = [len(items) for items in seen]
    indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    rows = Rows(indptr, np.array([item for items in seen for item in items], np.int32))
    size = len(seen)
    return Queries(
        np.arange(size, dtype=np.int32),
        rows,
        rows,
        rows,
        rows,
        np.zeros(size, np.int64),
        np.zeros(size, np.int64),
    )


def rank(scores, k, seen=None, **settings):
    scores = np.asarray(scores, np.float32)
    queries = make_queries(seen or [[]] * len(scores))
    return top_k_lists(lambda block: scores[block], queries, scores.shape[1], k, **settings)


def test_the_best_come_first():
    assert rank([[9, 9, 1, 3, 2]], 3).tolist() == [[3, 4, 2]]


def test_reserved_rows_are_never_recommended():
    assert not np.isin([0, 1], rank([[9, 9, 1, 3, 2]], 3)).any()


def test_ties_go_to_the_lower_row_at_the_edge_too():
    assert rank([[0, 0, 5, 7, 5, 7, 5]], 3).tolist() == [[3, 5, 2]]


def test_negative_scores_and_both_zeros_are_ordered():
    # Rows 3 and 4 tie: -0.0 equals 0.0.
    assert rank([[0, 0, -2, -0.0, 0.0, -1]], 4).tolist() == [[3, 4, 5, 2]]


def test_the_extremes_of_float32_are_ordered():
    most = np.finfo(np.float32).max
    assert rank([[0, 0, -most, most, 1e-45, 0]], 4).tolist() == [[3, 4, 5, 2]]


def test_seen_items_are_left_out():
    assert rank([[0, 0, 3, 2, 1]], 2, seen=[[2]]).tolist() == [[3, 4]]


def test_seen_items_stay_when_asked():
    assert rank([[0, 0, 3, 2, 1]], 2, seen=[[2]], exclude_seen=False).tolist() == [[2, 3]]


def test_missing_places_are_zero():
    assert rank([[0, 0, 3, 2, 1]], 5, seen=[[2]]).tolist() == [[3, 4, 0, 0, 0]]
    assert rank([[0, 0, 3]], 2, seen=[[2]]).tolist() == [[0, 0]]


def test_lists_are_int32_of_the_length_asked_for():
    lists = rank(np.zeros((3, 40)), 7)
    assert (lists.dtype, lists.shape) == (np.int32, (3, 7))


def test_no_queries_give_no_lists():
    assert rank(np.zeros((0, 9)), 4).shape == (0, 4)


def test_the_scores_of_the_scorer_are_left_as_they_are():
    scores = np.ones((2, 5), np.float32)
    scores.flags.writeable = False
    rank(scores, 2, seen=[[2], [3]])
    assert (scores == 1).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_score_that_is_not_finite_names_system_and_item(value):
    with pytest.raises(DataError, match=r"`two_tower` must return finite scores.*item row 3"):
        rank([[0, 0, 1, value]], 2, name="two_tower")


def test_scores_of_the_wrong_shape_name_the_system():
    with pytest.raises(DataError, match=r"`ours` must return scores of shape \(1, 6\).*\(1, 5\)"):
        top_k_lists(lambda _: np.zeros((1, 5), np.float32), make_queries([[]]), 6, 2, name="ours")


def test_blocks_cover_all_queries_once_within_the_limit():
    parts = list(blocks(1000, width=100_000, memory_limit_mib=64))
    assert np.concatenate(parts).tolist() == list(range(1000))
    # A score takes at least its own four bytes.
    assert max(map(len, parts)) * 100_000 * 4 < 64 * 2**20


def test_a_limit_below_one_row_still_makes_progress():
    assert [part.tolist() for part in blocks(2, 10**9, 64)] == [[0], [1]]


def test_the_block_size_changes_nothing():
    scores = np.random.default_rng(0).integers(0, 50, (40, 3000)) / 7
    seen = [[q + 2, q + 3] for q in range(40)]
    wide = rank(scores, 20, seen, memory_limit_mib=1024)
    assert (rank(scores, 20, seen, memory_limit_mib=1) == wide).all()


def plain(scores, k, seen):
    """Sort whole rows by (score descending, row ascending)."""
    lists = np.zeros((len(scores), k), np.int32)
    for q, row in enumerate(scores):
        order = np.lexsort((np.arange(len(row)), -row))
        allowed = [i for i in order if i >= 2 and i not in seen[q]][:k]
        lists[q, : len(allowed)] = allowed
    return lists


@pytest.mark.parametrize("levels", [1, 3, 10**6], ids=["all tied", "many ties", "few ties"])
@pytest.mark.parametrize("k", [1, 10, 100])
def test_equals_a_full_sort(levels, k):
    random = np.random.default_rng(k)
    scores = random.integers(-levels, levels, (30, 5000)).astype(np.float32)
    seen = [sorted(set(random.integers(2, 5000, 50).tolist())) for _ in range(30)]
    assert (rank(scores, k, seen) == plain(scores, k, seen)).all()


@given(
    arrays(np.float32, (3, 9), elements=st.floats(-4, 4, width=16)),
    st.integers(1, 12),
    st.lists(st.sets(st.integers(2, 8)).map(sorted), min_size=3, max_size=3),
)
def test_equals_a_full_sort_on_any_input(scores, k, seen):
    assert (rank(scores, k, seen) == plain(scores, k, seen)).all()
