import numpy as np
import pytest
from support.candidates import make_candidates, rerank

from configs.errors import ConfigError
from configs.reranking import RerankingConfig
from tfrs_models.reranking.chain import open_chain
from tfrs_models.reranking.needs import Needs


def test_without_steps_the_first_k_stay() -> None:
    assert rerank(make_candidates(5), 3) == [0, 1, 2]


def test_a_step_sees_the_order_of_the_one_before() -> None:
    # Novelty alone (weight 10) sorts by rising popularity: c, b, a. The cap of one item of each
    # value then keeps c and b, which stands above a.
    candidates = make_candidates(3, {"kind": [["x"], ["x"], ["y"]]}, popularity=[9, 5, 0])
    cap = {"type": "category_cap", "column": "kind", "most": 1}
    assert rerank(candidates, 2, {"type": "novelty", "weight": 10}, cap) == [2, 1]


def test_a_cap_on_the_list_outlives_a_later_step() -> None:
    # Items 0 to 2 share a value; of them only the first is left to the step that sorts by novelty.
    kinds = [["x"], ["x"], ["x"], ["y"], ["z"]]
    candidates = make_candidates(5, {"kind": kinds}, popularity=[9, 0, 0, 5, 5])
    cap = {"type": "category_cap", "column": "kind", "most": 1}
    assert rerank(candidates, 3, cap, {"type": "novelty", "weight": 10}) == [3, 4, 0]


def test_a_later_step_gives_the_best_place_the_best_score() -> None:
    candidates = make_candidates(3, scores=[5.0, 2.0, 1.0])
    later = candidates.reordered(np.array([2, 0]))
    assert later.items.tolist() == [2, 0]
    assert later.scores.tolist() == [5.0, 1.0]


def test_steps_after_all_candidates_were_excluded_are_skipped() -> None:
    rules = {"type": "rules", "exclude": [{"column": "kind", "value": "x"}]}
    candidates = make_candidates(2, {"kind": [["x"], ["x"]]}, vectors=[[1], [1]])
    assert rerank(candidates, 2, rules, {"type": "mmr"}) == []


def test_a_chain_needs_what_its_steps_need() -> None:
    steps = [
        {"type": "mmr"},
        {"type": "calibrated", "options": {"column": "genres"}},
        {"type": "freshness", "options": {"column": "released"}},
    ]
    chain = open_chain(RerankingConfig.model_validate({"steps": steps}))
    assert chain.needs == Needs(frozenset({"genres"}), frozenset({"released"}), vectors=True)


def test_a_misspelt_method_names_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"no reranking is called `mrr`\. Did you mean `mmr`\?"):
        RerankingConfig.model_validate({"steps": [{"type": "mrr"}]})


def test_a_misspelt_setting_names_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"Did you mean `relevance`\?"):
        RerankingConfig.model_validate({"steps": [{"type": "mmr", "options": {"relevanc": 1}}]})


def test_a_third_party_that_is_missing_is_refused() -> None:
    with pytest.raises(ValueError, match=r"`no_such\.method` cannot be imported"):
        RerankingConfig.model_validate({"steps": [{"type": "no_such.method"}]})
    assert issubclass(ConfigError, ValueError)
