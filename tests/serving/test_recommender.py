import dataclasses
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from support.bundles import FEATURES, ITEMS, Run, make_parts

from configs.errors import ArtifactError, ConfigError
from exports.bundle import write_bundle
from exports.index import Index
from exports.indexes import Found
from exports.indexes.exact import search_blocks
from serving.recommender import Recommender, _without
from serving.request import Recommendation, Request


@pytest.fixture(scope="module")
def recommender(run: Run) -> Recommender:
    return Recommender.open(run.bundle)


def ids(answer: Recommendation) -> list[str]:
    return [item.item_id for item in answer.items]


def test_gives_k_items_best_first(recommender: Recommender) -> None:
    answer = recommender.recommend(Request("u1", k=7))
    scores = [item.score for item in answer.items]
    assert len(set(ids(answer))) == 7
    assert scores == sorted(scores, reverse=True)


def test_ranks_as_the_models_do_on_all_items(run: Run, recommender: Recommender) -> None:
    # With 40 items, all of them are candidates: the list is the ranking of the whole catalogue.
    request = Request("u1", k=5, features={"timestamp": 0})
    known = recommender.look_up(request)
    arrays = recommender.query_inputs(request, known)
    positions = np.setdiff1d(np.arange(ITEMS), known.removed)
    query = recommender.embed_query(arrays)["query_embedding"]
    embeddings = np.load(run.bundle / "index" / "exact" / "embeddings.npy")
    scores = recommender.score(arrays, positions, embeddings[positions] @ query[0])["score"]
    best = recommender.items.rows(positions[np.argsort(-scores)[:5]])
    assert ids(recommender.recommend(request)) == [row["item_id"] for row in best]


def test_items_carry_their_columns(recommender: Recommender) -> None:
    item = recommender.recommend(Request("u1", k=1)).items[0]
    assert item.columns["title"] == f"Title {item.item_id[1:]}"
    assert -1.001 <= item.retrieval_score <= 1.001


def test_items_carry_what_each_task_predicts(recommender: Recommender) -> None:
    item = recommender.recommend(Request("u1", k=1)).items[0]
    # The fixture's score is twice its only task.
    assert item.score == pytest.approx(2 * item.predictions["positive"])


def test_statistics_are_no_column_of_an_item(recommender: Recommender) -> None:
    item = recommender.recommend(Request("u1", k=1)).items[0]
    assert "item_statistics" not in item.columns


def test_another_formula_orders_the_same_bundle(run: Run) -> None:
    usual = ids(Recommender.open(run.bundle).recommend(Request("u1", k=34)))
    other = Recommender.open(run.bundle, formula="1 - positive").recommend(Request("u1", k=34))
    assert ids(other) == usual[::-1]
    first = other.items[0]
    assert first.score == pytest.approx(1 - first.predictions["positive"])


def test_a_formula_that_names_no_output_is_refused(run: Run) -> None:
    with pytest.raises(ConfigError, match=r"names the task `positve`.*Did you mean `positive`"):
        Recommender.open(run.bundle, formula="positve")


def test_never_gives_a_seen_item(recommender: Recommender) -> None:
    seen = recommender.items.rows(recommender.users.find("u4").seen)
    answer = recommender.recommend(Request("u4", k=500))
    assert not set(ids(answer)) & {row["item_id"] for row in seen}
    # 6 events with different items each.
    assert len(answer.items) == answer.eligible == ITEMS - 6


def test_never_gives_an_excluded_item(recommender: Recommender) -> None:
    first = ids(recommender.recommend(Request("u1", k=5)))
    second = ids(recommender.recommend(Request("u1", k=5, exclude=(*first, "no such item"))))
    assert len(second) == 5
    assert not set(first) & set(second)


def test_never_gives_an_item_of_the_given_history(recommender: Recommender) -> None:
    history = tuple(f"i{number}" for number in range(20))
    answer = recommender.recommend(Request(k=500, history=history))
    assert not set(ids(answer)) & set(history)
    assert answer.eligible == ITEMS - 20


def test_gives_fewer_than_k_only_when_fewer_exist(recommender: Recommender) -> None:
    exclude = tuple(f"i{number}" for number in range(37))
    answer = recommender.recommend(Request(k=10, exclude=exclude))
    assert (len(answer.items), answer.eligible) == (3, 3)
    assert set(ids(answer)) == {"i37", "i38", "i39"}


def test_gives_nothing_when_everything_is_excluded(recommender: Recommender) -> None:
    answer = recommender.recommend(Request(exclude=tuple(f"i{number}" for number in range(ITEMS))))
    assert (answer.items, answer.eligible) == ((), 0)


def test_asks_the_exact_index_when_the_other_finds_too_few(recommender: Recommender) -> None:
    def blind(queries: np.ndarray, k: int) -> Found:
        return np.full((1, k), -1, np.int64), np.full((1, k), -np.inf, np.float32)

    index = Index(blind, recommender.index.size, recommender.index.dim)
    answer = dataclasses.replace(recommender, index=index).recommend(Request("u1", k=5))
    assert ids(answer) == ids(recommender.recommend(Request("u1", k=5)))


def test_a_known_user_has_no_flag(recommender: Recommender) -> None:
    answer = recommender.recommend(Request("u1"))
    assert answer.flags == ()
    assert len(answer.history) == 5


def test_an_unknown_user_is_flagged_and_answered(recommender: Recommender) -> None:
    answer = recommender.recommend(Request("stranger", k=4))
    assert answer.flags == ("unknown_user", "no_history")
    assert len(answer.items) == 4


def test_a_visitor_with_clicks_has_a_history(recommender: Recommender) -> None:
    answer = recommender.recommend(Request(history=("i1", "nonsense", "i2")))
    assert answer.flags == ("unknown_user",)
    assert answer.history == ("i1", "i2")
    assert answer.unknown_history == ("nonsense",)


def test_an_empty_history_replaces_the_stored_one(recommender: Recommender) -> None:
    assert recommender.recommend(Request("u1", history=())).flags == ("no_history",)


def test_the_history_changes_the_list(recommender: Recommender) -> None:
    lists = {tuple(ids(recommender.recommend(Request(history=(i,))))) for i in ("i1", "i2", "i3")}
    assert len(lists) > 1


def test_given_features_replace_stored_ones(recommender: Recommender) -> None:
    request = Request("u1", features={"age": 70.0, "timestamp": 5})
    arrays = recommender.query_inputs(request, recommender.look_up(request))
    # u1 is 21 years old and lives in Rome.
    assert (arrays["age"].tolist(), arrays["city"].tolist()) == ([70.0], ["Rome"])


def test_a_stored_missing_value_stays_missing(recommender: Recommender) -> None:
    request = Request("u2")
    arrays = recommender.query_inputs(request, recommender.look_up(request))
    assert arrays["city"].tolist() == [""]


def test_the_time_of_the_request_is_the_present(
    recommender: Recommender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.inputs.time.time", lambda: 1234.9)
    arrays = recommender.query_inputs(Request(), recommender.look_up(Request()))
    assert arrays["timestamp"].tolist() == [1234]


def test_threads_get_the_same_answers(recommender: Recommender) -> None:
    requests = [Request(f"u{number}", features={"timestamp": 5}) for number in range(20)]
    expected = [ids(recommender.recommend(request)) for request in requests]
    with ThreadPoolExecutor(4) as pool:
        answers = [ids(answer) for answer in pool.map(recommender.recommend, requests)]
    assert answers == expected


def test_works_without_ranker_and_user_table(tmp_path: Path) -> None:
    export = {"user_table": False, "index": {"type": "exact"}}
    sections = {"export": export, "evaluation": {"exclude_seen": False}}
    parts = make_parts(tmp_path, with_ranker=False, **sections)
    bundle = write_bundle(parts, tmp_path / "bundle")
    recommender = Recommender.open(bundle)
    answer = recommender.recommend(Request("u1", k=500, history=("i1",)))
    assert answer.flags == ("unknown_user",)
    assert len(answer.items) == ITEMS, "seen items stay when `evaluation.exclude_seen` is false"
    assert all(item.score == item.retrieval_score for item in answer.items)


def test_refuses_a_damaged_bundle(run: Run, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="is no bundle"):
        Recommender.open(tmp_path)


def test_imports_no_model_class(run: Run) -> None:
    code = (
        "import json, pathlib, sys\n"
        "from serving.recommender import Recommender\n"
        "from serving.request import Request\n"
        "answer = Recommender.open(pathlib.Path(sys.argv[1])).recommend(Request('u1', k=3))\n"
        "print(json.dumps([len(answer.items), sorted(sys.modules)]))\n"
    )
    command = [sys.executable, "-c", code, str(run.bundle)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    count, modules = json.loads(done.stdout.splitlines()[-1])
    assert count == 3
    forbidden = (
        "trainers", "tfrs_models.models", "tfrs_models.features", "tfrs_models.losses",
        "tfrs_models.data", "tensorflow_recommenders",
    )  # fmt: skip
    assert [name for name in modules if name.startswith(forbidden)] == []


def test_of_several_interests_the_nearest_counts() -> None:
    embeddings = np.array([[1, 0], [0, 1], [0.6, 0.8], [-1, 0]], np.float32)
    index = Index(lambda queries, k: search_blocks(embeddings, queries, k), 4, 2)
    # Both find items 0 to 2; items 0 and 1 are nearest to one interest each.
    interests = np.array([[[1, 0], [0, 1]]], np.float32)
    positions, scores = _without(index, interests, 3, np.zeros(0, np.int64))
    assert positions.tolist() == [0, 1, 2]
    np.testing.assert_allclose(scores, [1, 1, 0.8])


def test_places_that_no_interest_fills_stay_out() -> None:
    embeddings = np.array([[1, 0], [0, 1]], np.float32)
    index = Index(lambda queries, k: search_blocks(embeddings, queries, k), 2, 2)
    interests = np.array([[[1, 0], [0, 1]]], np.float32)
    positions, _ = _without(index, interests, 5, np.zeros(0, np.int64))
    assert sorted(positions[positions >= 0].tolist()) == [0, 1]


def test_a_stored_history_comes_with_its_types_and_times(tmp_path: Path) -> None:
    history = {"max_length": 5, "event_types": True, "time_gaps": True}
    parts = make_parts(tmp_path, features=FEATURES | {"history": history})
    opened = Recommender.open(write_bundle(parts, tmp_path / "bundle"))
    request = Request("u1", features={"timestamp": 2_000_000})
    arrays = opened.query_inputs(request, opened.look_up(request))
    assert arrays["history_type"].tolist() == [["event"] * 5]
    # u1 is the second of 20 users with six hourly events each; the first is no longer kept.
    expected = [1_000_000 + 3_600 * hour for hour in range(7, 12)]
    assert arrays["history_time"].tolist() == [expected]
