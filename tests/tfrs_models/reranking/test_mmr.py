import numpy as np
import pytest
from support.candidates import make_candidates, rerank

# Places make numbers that are easy to follow by hand.
MMR = {"type": "mmr", "scale": "rank"}


def test_lambda_1_keeps_the_order() -> None:
    vectors = np.random.default_rng(0).standard_normal((20, 3))
    assert rerank(make_candidates(20, vectors=vectors), 20, {**MMR, "relevance": 1}) == list(
        range(20)
    )


@pytest.mark.parametrize(("trade_off", "order"), [(0.5, [0, 2, 1, 3]), (0.8, [0, 1, 2, 3])])
def test_a_hand_computed_list(trade_off: float, order: list[int]) -> None:
    # Relevance by rank: 1, .75, .5, .25. a, b and d are the same vector, c is at right angles.
    # Lambda .5, after a: b .375 - .5 = -.125, c .25, d .125 - .5 = -.375: c, b, d.
    # Lambda .8, after a: b .6 - .2 = .4, c .4, d .2 - .2 = 0: the tie goes to b; then c, d.
    vectors = [[1, 0], [1, 0], [0, 1], [1, 0]]
    candidates = make_candidates(4, vectors=vectors)
    assert rerank(candidates, 4, {**MMR, "relevance": trade_off}) == order


def test_lambda_0_takes_the_most_distant() -> None:
    # After a = (1, 0): cosines .6, 0, -1: d. Then b .6 and c 0 to a, -.6 and 0 to d: c is nearest
    # at 0, b at .6.
    vectors = [[1, 0], [3, 4], [0, 2], [-1, 0]]
    assert rerank(make_candidates(4, vectors=vectors), 4, {**MMR, "relevance": 0}) == [0, 3, 2, 1]


def test_the_values_of_a_column_replace_the_vectors() -> None:
    # Similarity to a {x, y}: b {x} 1 / sqrt(2) = .71, c {x, y} 1, d nothing known 0.
    kinds = [["x", "y"], ["x"], ["x", "y"], []]
    candidates = make_candidates(4, {"kind": kinds})
    step = {**MMR, "relevance": 0, "column": "kind"}
    assert rerank(candidates, 4, step) == [0, 3, 1, 2]


def test_min_max_reads_the_distances_between_scores() -> None:
    # Scores 10, 9.9, 0: relevance 1, .99, 0 by distance, 1, .67, .33 by rank. b equals a, c does
    # not. Lambda .6, by distance: b .594 - .4 = .194 > c 0; by rank: b 0 < c .2.
    candidates = make_candidates(3, vectors=[[1, 0], [1, 0], [0, 1]], scores=[10, 9.9, 0])
    by_rank = {**MMR, "relevance": 0.6}
    assert rerank(candidates, 3, {**by_rank, "scale": "min_max"}) == [0, 1, 2]
    assert rerank(candidates, 3, by_rank) == [0, 2, 1]


def test_equal_scores_have_no_distance() -> None:
    candidates = make_candidates(3, vectors=[[1, 0], [1, 0], [0, 1]], scores=[2, 2, 2])
    assert rerank(candidates, 3, {"type": "mmr"}) == [0, 2, 1]
