"""Blocks of users: interests merged, seen items removed, short lists filled up."""

import numpy as np

from exports.index import Index
from serving.batch_retrieval import answers, kept
from serving.interests import search

NOTHING = np.zeros(0, np.int32)


def index(positions: list[list[int]], scores: list[list[float]]) -> Index:
    """An index of ten candidates that finds what it is told."""
    found = np.array(positions), np.array(scores, np.float32)
    return Index(lambda _, k: (found[0][:, :k], found[1][:, :k]), size=10, dim=2)


def test_interests_are_merged_best_first_and_each_item_once() -> None:
    one = index([[4, 7], [7, 2]], [[0.9, 0.5], [0.8, 0.1]])
    positions, scores = search(one, np.ones((1, 2, 2), np.float32), 2)
    assert positions.tolist() == [[4, 7, -1, 2]]
    np.testing.assert_allclose(scores, [[0.9, 0.8, 0.5, 0.1]])


def test_a_query_of_one_interest_is_as_the_index_answers() -> None:
    positions, _ = search(index([[4, 7]], [[0.9, 0.5]]), np.ones((1, 2), np.float32), 2)
    assert positions.tolist() == [[4, 7]]


def test_seen_items_are_removed_from_their_own_user_alone() -> None:
    positions = np.array([[1, 2, 3], [1, 2, 3]])
    scores = np.array([[3, 2, 1], [3, 2, 1]], np.float32)
    found, values = kept(positions, scores, [np.array([1], np.int32), NOTHING], 10, 2)
    assert found.tolist() == [[2, 3], [1, 2]]
    assert values.tolist() == [[2, 1], [3, 2]]


def test_what_is_missing_is_padded() -> None:
    found, values = kept(np.array([[5, -1]]), np.array([[1, 0]], np.float32), [NOTHING], 10, 3)
    assert found.tolist() == [[5, -1, -1]]
    assert values.tolist() == [[1, -np.inf, -np.inf]]


def test_answers_are_as_those_of_the_request_model() -> None:
    ids = np.array([b"a", b"b"], object)
    found = answers(ids, (np.array([[1, -1]]), np.array([[0.5, -np.inf]], np.float32)))
    assert found["item_id"].tolist() == [[b"b", b""]]
    assert found["count"].tolist() == [1]
    assert found["retrieval_score"].tolist() == [[0.5, 0]]
