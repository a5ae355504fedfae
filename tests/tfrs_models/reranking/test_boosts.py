import pytest
from support.candidates import make_candidates, rerank

FRESH = {"type": "freshness", "half_life_days": 10, "scale": "rank"}
NOVEL = {"type": "novelty", "scale": "rank"}


@pytest.mark.parametrize(("weight", "order"), [(1, [2, 0, 1]), (0.6, [0, 2, 1]), (0, [0, 1, 2])])
def test_a_new_item_rises_by_its_weight(weight: float, order: list[int]) -> None:
    # Relevance 1, .667, .333; ages of 20, 20 and 0 days leave a quarter, a quarter and all.
    # Weight 1: 1.25, .917, 1.333. Weight .6: 1.15, .817, .933.
    candidates = make_candidates(3, days=[20, 20, 0])
    step = {**FRESH, "weight": weight}
    assert rerank(candidates, 3, step) == order


def test_the_boost_halves_with_each_half_life() -> None:
    # Relevance 1, .75, .5, .25 with weight .6 and ages 30, 20, 10, 0 days at 10 days: boosts
    # .075, .15, .3, .6 make 1.075, .9, .8, .85.
    candidates = make_candidates(4, days=[30, 20, 10, 0])
    assert rerank(candidates, 4, {**FRESH, "weight": 0.6}) == [0, 1, 3, 2]


def test_an_item_of_unknown_age_gains_nothing() -> None:
    # A first event after the request, at -5 days, is not known. Relevance 1, .667, .333: the second
    # gains nothing, the third .7: 1.033.
    candidates = make_candidates(3, days=[1000, -5, 0])
    assert rerank(candidates, 3, {**FRESH, "weight": 0.7}) == [2, 0, 1]


def test_an_unknown_age_can_be_set() -> None:
    candidates = make_candidates(3, days=[1000, -5, 1000])
    step = {**FRESH, "weight": 0.7, "missing_age_days": 0}
    assert rerank(candidates, 3, step) == [1, 0, 2]


def test_an_unpopular_item_rises() -> None:
    # log(1 + n) / log(1 + 99) = 1, .5, 0; relevance 1, .667, .333. Weight .7: 1, 1.017, 1.033.
    candidates = make_candidates(3, popularity=[99, 9, 0])
    assert rerank(candidates, 3, {**NOVEL, "weight": 0.7}) == [2, 1, 0]


def test_a_small_weight_moves_nothing() -> None:
    candidates = make_candidates(3, popularity=[99, 9, 0])
    assert rerank(candidates, 3, {**NOVEL, "weight": 0.3}) == [0, 1, 2]
