from typing import Any

from configs.run import RunConfig
from exports.card_training import training


def lines(metrics: dict[str, float] | None = None, **sections: Any) -> list[str]:
    return list(training(RunConfig.model_validate(sections), metrics or {}))


def test_features_stand_by_what_has_them():
    user = {"user_id": {"type": "categorical"}, "age": {"type": "numeric"}}
    features = {"user": user, "context": {}}
    assert lines(features=features)[0] == "Features: user user_id, age; item item_id."


def test_the_retrieval_is_that_of_the_configuration():
    retrieval = {
        "embedding_dim": 12,
        "history": {"type": "recency"},
        "negatives": {"type": "in_batch"},
        "training": {"optimizer": "adagrad", "epochs": 7},
    }
    assert lines(retrieval=retrieval, features={"history": {"max_length": 9}})[1] == (
        "Retrieval: two towers of width 12, recency over 9 items of history, softmax loss with "
        "in_batch negatives, adagrad, 7 epochs at most."
    )


def test_no_history_is_not_told_of():
    assert "history" not in lines(features={"history": {"max_length": 0}})[1]


def test_the_best_epoch_is_told_where_it_was_measured():
    assert lines({"training.retrieval.best_epoch": 3.0})[1].endswith("the best was 3.")


def test_a_refit_is_told():
    assert len(lines(retrieval={"refit": True})) == len(lines()) + 1


def test_no_ranking_is_told():
    assert lines(ranking={"enabled": False})[-1] == "Ranking: none; the retrieved order stays."


def test_a_formula_is_no_markdown():
    tasks = {"click": {}, "buy": {}}
    assert r"score click \* buy" in lines(ranking={"tasks": tasks, "score": "click * buy"})[-1]


def test_tasks_stand_with_their_objectives():
    assert "tasks positive (binary)" in lines()[-1]


def test_steps_after_the_ranking_stand_in_their_order():
    steps = [{"type": "novelty"}, {"type": "mmr"}]
    assert lines(reranking={"steps": steps})[-1] == "Re-ranking: novelty, mmr."
