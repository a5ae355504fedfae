"""The request model answers as the server does with the same bundle and exact search."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.bundles import ITEMS, Run, make_run

from configs.errors import ConfigError
from exports.loader import LoadedModel, load_model
from exports.raw import missing_rows
from exports.requests.catalogue import Catalogue, ItemData
from exports.requests.model import RequestModel
from serving.recommender import Recommender
from serving.request import Request
from tfrs_models.backend import tf

SOME = 12
"""Candidates that are ranked."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    sections = {"export": {"filters": ["genres"]}, "ranking": {"candidates": SOME}}
    return make_run(tmp_path_factory.mktemp("run"), **sections)


@pytest.fixture(scope="module")
def model(run: Run) -> LoadedModel:
    return load_model(run.bundle)


@pytest.fixture(scope="module")
def server(run: Run) -> Recommender:
    opened = Recommender.open(run.bundle)
    return dataclasses.replace(opened, index=opened.exact)


def asked(
    model: LoadedModel,
    *users: dict[str, Any],
    k: int | list[int] = 5,
    diversity: float = 0,
    **lists: Any,
) -> dict[str, Any]:
    """Requests of some users, rows of raw columns, and what they ask for."""
    rows = len(users)
    given = {name: np.full((rows, 0), "", object) for name in ("exclude", "only", "only_genres")}
    given |= {"k": np.full(rows, k, np.int32), "diversity": np.full(rows, diversity, np.float32)}
    given |= {name: np.array(value, object) for name, value in lists.items()}
    raw = {n: missing_rows(d, rows) for n, d in model.inputs.items() if n not in given}
    raw["history"] = np.full((rows, 3), "", object)
    for row, user in enumerate(users):
        for name, value in user.items():
            raw[name][row] = value
    return raw | given


ANNA = {"user_id": "u1", "age": 21.0, "city": "Rome", "timestamp": 1_500_000}
BEN = {"user_id": "nobody", "timestamp": 1_500_000, "history": ["i1", "", "i7"]}


def ids(answer: dict[str, Any], row: int = 0) -> list[str]:
    return [name.decode() for name in answer["item_id"][row] if name]


def request(user: dict[str, Any], **changes: Any) -> Request:
    columns = {n: v for n, v in user.items() if n in ("age", "city", "timestamp")}
    history = tuple(name for name in user.get("history", ()) if name)
    return Request(user["user_id"], history=history, features=columns, **{"k": 5, **changes})


@pytest.mark.parametrize("user", [ANNA, BEN])
@pytest.mark.parametrize("k", [1, 5, 20])
def test_lists_are_those_of_the_server(
    model: LoadedModel, server: Recommender, user: dict[str, Any], k: int
) -> None:
    # The user table knows what Anna has seen, the model what it is told.
    seen = [server.items.table.column("item_id")[int(p)].as_py() for p in _seen(server, user)]
    answer = model(asked(model, user, k=k, exclude=[seen]))
    expected = server.recommend(request(user, k=k)).items
    assert ids(answer) == [item.item_id for item in expected]
    for name, values in (
        ("score", [item.score for item in expected]),
        ("retrieval_score", [item.retrieval_score for item in expected]),
        ("positive", [item.predictions["positive"] for item in expected]),
    ):
        np.testing.assert_allclose(answer[name][0], values, atol=1e-5)


def _seen(server: Recommender, user: dict[str, Any]) -> Any:
    assert server.users is not None
    stored = server.users.find(user["user_id"])
    return stored.seen if stored else []


def test_requests_of_a_batch_are_answered_alone(model: LoadedModel) -> None:
    both = model(asked(model, ANNA, BEN))
    for row, user in enumerate((ANNA, BEN)):
        alone = model(asked(model, user))
        assert ids(both, row) == ids(alone)
        np.testing.assert_allclose(both["score"][row], alone["score"][0], atol=1e-6)


def test_the_history_and_excluded_items_stay_out(model: LoadedModel) -> None:
    out = {f"i{number}" for number in range(0, ITEMS, 2)}
    answer = model(asked(model, BEN, k=ITEMS, exclude=[[*sorted(out), "unknown", ""]]))
    assert set(ids(answer)) == {f"i{number}" for number in range(ITEMS)} - out - {"i1", "i7"}
    assert answer["count"].tolist() == [ITEMS - len(out) - 2]


def test_where_too_few_may_come_back_the_rest_is_empty(model: LoadedModel) -> None:
    answer = model(asked(model, ANNA, only=[["i3", "i9"]]))
    assert set(ids(answer)) == {"i3", "i9"}
    assert answer["count"].tolist() == [2]
    assert answer["item_id"][0, 2:].tolist() == [b"", b"", b""]
    assert answer["score"][0, 2:].tolist() == [0, 0, 0]


def test_an_allow_list_still_fills_the_list(model: LoadedModel) -> None:
    # More than the 12 candidates that are ranked would miss the nearest six of a few items.
    only = [f"i{number}" for number in range(30, 37)]
    assert len(ids(model(asked(model, ANNA, only=[only])))) == 5


def test_a_filter_keeps_its_values_alone(model: LoadedModel) -> None:
    # Odd items have `drama` and `comedy`, even ones `drama`.
    answer = model(asked(model, ANNA, k=ITEMS, only_genres=[["comedy"]]))
    assert set(ids(answer)) == {f"i{number}" for number in range(1, ITEMS, 2)}


def test_nothing_at_all_may_come_back(model: LoadedModel) -> None:
    answer = model(asked(model, ANNA, only=[["no such item"]]))
    assert ids(answer) == []
    assert answer["count"].tolist() == [0]
    assert np.isfinite(answer["score"]).all()


def test_a_list_is_no_longer_than_the_catalogue(model: LoadedModel) -> None:
    assert model(asked(model, ANNA, k=500))["item_id"].shape == (1, ITEMS)


def test_each_request_of_a_batch_has_its_own_k(model: LoadedModel) -> None:
    answer = model(asked(model, ANNA, BEN, k=[2, 4]))
    assert answer["count"].tolist() == [2, 4]
    assert [len(ids(answer, row)) for row in range(2)] == [2, 4]
    assert answer["score"][0, 2:].tolist() == [0, 0]


@pytest.mark.parametrize("diversity", [-0.1, 1.1, np.nan])
def test_a_wrong_diversity_is_refused(model: LoadedModel, diversity: float) -> None:
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=r"`diversity` must be from 0.0 to 1.0"
    ):
        model(asked(model, ANNA, diversity=diversity))


@pytest.mark.parametrize("k", [0, 501, [5, -1]])
def test_a_wrong_k_is_refused(model: LoadedModel, k: Any) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="`k` must be from 1 to 500"):
        model(asked(model, *[ANNA] * np.size(k), k=k))


def test_diversity_changes_the_order_but_not_the_first(model: LoadedModel) -> None:
    plain, diverse = (ids(model(asked(model, ANNA, k=SOME, diversity=d))) for d in (0.0, 0.9))
    assert plain[0] == diverse[0]
    assert set(plain) == set(diverse)
    assert plain != diverse


def test_the_nearest_candidates_can_be_had_without_ranking(run: Run, server: Recommender) -> None:
    retrieve = load_model(run.bundle, signature="retrieve")
    given = {name: v for name, v in asked(retrieve, BEN).items() if name != "diversity"}
    answer = retrieve(given)
    raw = {name: given[name] for name in server.embed_query.inputs}
    query = server.embed_query(raw)["query_embedding"]
    positions, scores = server.retrieve(query, 5, server.items.known(["i1", "i7"]))
    expected = server.items.table.column("item_id").take(positions[:5]).to_pylist()
    assert ids(answer) == expected
    np.testing.assert_allclose(answer["retrieval_score"][0], scores[:5], atol=1e-5)


def test_without_a_ranker_the_score_is_that_of_the_retrieval(tmp_path: Path) -> None:
    model = load_model(make_run(tmp_path, with_ranker=False).bundle)
    given = {name: v for name, v in asked(model, ANNA).items() if name in model.inputs}
    answer = model(given)
    assert answer["score"].tolist() == answer["retrieval_score"].tolist()
    assert set(model.outputs) == {"count", "item_id", "retrieval_score", "score"}


def test_a_column_with_the_name_of_an_input_is_refused(run: Run, tmp_path: Path) -> None:
    class Encoder:
        history_signature = run.parts.encoder.history_signature

        def raw_signature(self, table: Any) -> dict[str, Any]:
            return {"exclude": tf.TensorSpec([None], tf.string)} if table == "context" else {}

    encoder: Any = Encoder()
    ones = np.ones((1, 2), np.float32)
    catalogue = Catalogue(ItemData(["a"], ones, {}, ones, {}))
    model = RequestModel(encoder, run.parts.retriever, None, catalogue, 5, exclude_seen=True)
    with pytest.raises(ConfigError, match="the column `exclude` would be two inputs"):
        model.save(tmp_path)


def test_a_filter_that_is_no_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"`export\.filters` .* got `genre`. Did you mean `genres`"
    ):
        make_run(tmp_path, export={"filters": ["genre"]})
