import itertools

import numpy as np
import pytest
from support.candidates import make_candidates, rerank

DPP = {"type": "dpp", "scale": "rank"}


def greedy_by_determinants(vectors: np.ndarray, theta: float, ridge: float, k: int) -> list[int]:
    """The same greedy choice from whole determinants, one for each candidate and place."""
    size = len(vectors)
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    kernel = (1 - ridge) * units @ units.T + ridge * np.eye(size)
    relevance = 1 - np.arange(size) / size

    def value(chosen: list[int]) -> float:
        volume = np.linalg.slogdet(kernel[np.ix_(chosen, chosen)])[1]
        return theta * relevance[chosen].sum() + (1 - theta) * volume

    chosen: list[int] = []
    for _ in range(k):
        left = [i for i in range(size) if i not in chosen]
        chosen.append(max(left, key=lambda i: value([*chosen, i])))
    return chosen


@pytest.mark.parametrize(
    ("seed", "theta"), list(itertools.product(range(4), [0.02, 0.3, 0.7, 0.95]))
)
def test_it_is_the_greedy_choice_by_determinants(seed: int, theta: float) -> None:
    vectors = np.random.default_rng(seed).standard_normal((12, 5))
    # Twelve vectors in five dimensions: the last places depend on the ridge alone.
    expected = greedy_by_determinants(vectors.astype(np.float32), theta, 0.01, 9)
    candidates = make_candidates(12, vectors=vectors)
    assert rerank(candidates, 9, {**DPP, "relevance": theta}) == expected


def test_theta_1_keeps_the_order() -> None:
    vectors = np.random.default_rng(0).standard_normal((20, 3))
    candidates = make_candidates(20, vectors=vectors)
    assert rerank(candidates, 20, {**DPP, "relevance": 1}) == list(range(20))


def test_an_equal_item_comes_after_one_that_is_not() -> None:
    # After a, ridge .01: b = a leaves 1 - .99^2 = .0199 unexplained, c all. Theta .5, three items:
    # b .5 * .667 + .5 ln .0199 = -1.62, c .5 * .333 = .17.
    candidates = make_candidates(3, vectors=[[1, 0], [1, 0], [0, 1]])
    assert rerank(candidates, 3, {**DPP, "relevance": 0.5}) == [0, 2, 1]


def test_equal_items_all_come_in_their_order() -> None:
    candidates = make_candidates(50, vectors=np.ones((50, 3)))
    assert rerank(candidates, 50, {**DPP, "relevance": 0.5, "ridge": 1e-6}) == list(range(50))


def test_values_of_a_column_replace_the_vectors() -> None:
    kinds = [["x"], ["x"], ["y"], []]
    candidates = make_candidates(4, {"kind": kinds})
    assert rerank(candidates, 4, {**DPP, "relevance": 0.5, "column": "kind"}) == [0, 2, 3, 1]
