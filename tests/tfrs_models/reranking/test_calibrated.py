import numpy as np
import pytest
from support.candidates import make_candidates, rerank

from tfrs_models.reranking.column import Column
from tfrs_models.reranking.methods.calibrated import distribution, divergence

CALIBRATED = {"type": "calibrated", "column": "genre", "scale": "rank"}
ROMANCE, ACTION = ["romance"], ["action"]


def test_the_divergence_of_a_list_that_leaves_a_taste_out() -> None:
    # Steck's user: 70% romance, 30% action, a list of romance alone, alpha .01.
    # q~ = (.99 + .007, .003); .7 ln(.7 / .997) + .3 ln(.3 / .003)
    # = .7 * -.353670 + .3 * 4.605170 = 1.133982.
    found = divergence(np.array([0.7, 0.3]), np.array([1.0, 0.0]), 0.01)
    assert found == pytest.approx(1.133982, abs=1e-6)


def test_a_list_with_the_same_shares_does_not_diverge() -> None:
    shares = np.array([0.7, 0.3])
    assert divergence(shares, shares, 0.01) == pytest.approx(0, abs=1e-12)


def test_a_history_counts_an_item_with_two_values_half_for_each() -> None:
    # Items {x}, {x, y}, nothing: x 1.5, y .5 of 2 items that say anything.
    values, shares = distribution(Column.of([["x"], ["x", "y"], []]))
    assert (values.tolist(), shares.tolist()) == ([0, 1], [0.75, 0.25])


def test_the_list_has_the_shares_of_the_history() -> None:
    # 10 places, 7 of 10 items of the history are romance; the candidates start with 12 of them.
    candidates = make_candidates(
        20,
        {"genre": [ROMANCE] * 12 + [ACTION] * 8},
        history={"genre": [ROMANCE] * 7 + [ACTION] * 3},
    )
    order = rerank(candidates, 10, {**CALIBRATED, "relevance": 0.01})
    assert sorted(order) == [*range(7), 12, 13, 14]


def test_a_hand_computed_choice() -> None:
    # History half x, half y; candidates x, x, y; relevance 1, .667, .333; lambda .5, alpha .01.
    # First: KL of (1, 0) is .5 ln(.5 / .995) + .5 ln(.5 / .005) = 1.958518; of (0, 1) the same: a.
    # Second: b keeps 1.958518: .333 - .979 = -.646; c makes (.5, .5) and 0: .167. So a, c, b.
    candidates = make_candidates(
        3, {"genre": [["x"], ["x"], ["y"]]}, history={"genre": [["x"], ["y"]]}
    )
    assert rerank(candidates, 3, {**CALIBRATED, "relevance": 0.5}) == [0, 2, 1]


def test_relevance_1_keeps_the_order() -> None:
    candidates = make_candidates(
        4, {"genre": [["x"], ["x"], ["y"], ["x", "y"]]}, history={"genre": [["y"]]}
    )
    assert rerank(candidates, 4, {**CALIBRATED, "relevance": 1}) == [0, 1, 2, 3]


def test_a_value_that_the_history_does_not_have_takes_a_part_of_its_item() -> None:
    # History x alone. b {x} is all x, a {x, z} half: b first although a is more relevant.
    # KL: a ln(1 / (.99 * .5 + .01)) = .683, b 0; lambda .5: a .5 - .342, b .25.
    candidates = make_candidates(2, {"genre": [["x", "z"], ["x"]]}, history={"genre": [["x"]]})
    assert rerank(candidates, 2, {**CALIBRATED, "relevance": 0.5}) == [1, 0]


def test_without_a_history_the_order_stays() -> None:
    candidates = make_candidates(3, {"genre": [["x"], ["y"], ["x"]]}, history={"genre": []})
    assert rerank(candidates, 3, {**CALIBRATED, "relevance": 0}) == [0, 1, 2]
