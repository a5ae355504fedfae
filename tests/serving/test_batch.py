"""All users at once get what each gets alone."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.bundles import Run, make_run

from configs.errors import ArtifactError, ConfigError
from exports.loader import Input, load_model
from exports.user_rows import user_rows
from serving.batch import Batch, _requests, recommend_all, retrieve_all
from serving.recommender import Recommender
from serving.request import Request
from serving.tables import open_users
from tfrs_models.cli import main

NOW = 2_000_000


@pytest.fixture(scope="module")
def found(run: Run, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list]:
    path = tmp_path_factory.mktemp("batch") / "recommendations.parquet"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("serving.batch.time.time", lambda: NOW)
        assert recommend_all(run.bundle, Batch(k=4, rows=7), path) == 20
    return pq.read_table(path).to_pydict()


def test_every_user_has_k_places(found: dict[str, list]) -> None:
    users = sorted({f"u{number}" for number in range(20)})
    assert found["user_id"] == [user for user in users for _ in range(4)]
    assert found["place"] == [1, 2, 3, 4] * len(users)


def test_no_user_gets_what_they_have_seen(run: Run, found: dict[str, list]) -> None:
    users = open_users(run.bundle / "users.arrow").table
    seen = dict(
        zip(users.column("user_id").to_pylist(), users.column("seen").to_pylist(), strict=True)
    )
    pairs = zip(found["user_id"], found["item_id"], strict=True)
    assert not any(item in seen[user] for user, item in pairs)


def test_a_user_alone_gets_the_same(run: Run, found: dict[str, list]) -> None:
    model = load_model(run.bundle)
    users = open_users(run.bundle / "users.arrow").table.slice(3, 1)
    own = {n: d for n, d in model.inputs.items() if n not in ("k", "exclude", "only", "diversity")}
    answer = model(
        user_rows(users, own, NOW)
        | {
            "k": np.array([4], np.int32),
            "diversity": np.zeros(1, np.float32),
            "exclude": np.array([users.column("seen")[0].as_py()], object),
            "only": np.array([[""]], object),
        }
    )
    rows = [r for r, user in enumerate(found["user_id"]) if user == users["user_id"][0].as_py()]
    assert [found["item_id"][row].encode() for row in rows] == answer["item_id"][0].tolist()


def test_the_scores_of_all_tasks_are_columns(found: dict[str, list]) -> None:
    assert list(found) == ["user_id", "place", "item_id", "positive", "retrieval_score", "score"]
    scores = np.array(found["score"]).reshape(20, 4)
    assert (np.diff(scores, axis=1) <= 0).all()


def test_candidates_can_be_had_without_ranking(run: Run, tmp_path: Path) -> None:
    retrieve_all(run.bundle, 2, tmp_path / "found.parquet")
    columns = pq.read_schema(tmp_path / "found.parquet").names
    assert columns == ["user_id", "place", "item_id", "retrieval_score"]


def test_candidates_are_those_of_a_user_alone(run: Run, tmp_path: Path) -> None:
    recommender = Recommender.open(run.bundle)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("time.time", lambda: NOW)
        retrieve_all(run.bundle, 34, tmp_path / "found.parquet")
        request = Request("u7", k=34)
        known = recommender.look_up(request)
        query = recommender.embed_query(recommender.query_inputs(request, known))
    positions, scores = recommender.retrieve(query["query_embedding"], 34, known.removed)
    rows = pq.read_table(tmp_path / "found.parquet").to_pylist()
    mine = [row for row in rows if row["user_id"] == "u7"]
    ids = recommender.items.table.column("item_id").take(positions).to_pylist()
    # 40 items, of which the user has seen six.
    assert len(ids) == 34
    assert [row["item_id"] for row in mine] == ids
    np.testing.assert_allclose([row["retrieval_score"] for row in mine], scores, atol=1e-5)


def test_a_bundle_without_users_is_refused(tmp_path: Path) -> None:
    bundle = make_run(tmp_path, export={"user_table": False}).bundle
    with pytest.raises(ArtifactError, match="has no user table: export it with"):
        recommend_all(bundle, Batch(k=2), tmp_path / "found.parquet")


@pytest.mark.parametrize("k", [0, 501])
def test_a_wrong_k_is_refused(run: Run, tmp_path: Path, k: int) -> None:
    with pytest.raises(ConfigError, match=f"`k` must be from 1 to 500, got {k}"):
        recommend_all(run.bundle, Batch(k=k), tmp_path / "found.parquet")


@pytest.mark.parametrize("diversity", [-0.5, 2, np.nan])
def test_a_wrong_diversity_is_refused(run: Run, tmp_path: Path, diversity: float) -> None:
    with pytest.raises(ConfigError, match="`diversity` must be from 0 to 1"):
        recommend_all(run.bundle, Batch(k=1, diversity=diversity), tmp_path / "found.parquet")


def test_the_command_writes_the_file(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "found.parquet"
    assert main(["batch", str(run.bundle), "--to", str(target), "--k", "3", "--retrieve"]) == 0
    assert capsys.readouterr().out == f"20 users: {target}\n"
    assert pq.read_table(target).num_rows == 60


def test_a_column_that_only_sounds_like_a_filter_is_the_users() -> None:
    inputs = {
        "only_child": Input("string", (None,)),
        "only": Input("string", (None, None)),
        "only_genres": Input("string", (None, None)),
        "exclude": Input("string", (None, None)),
    }
    block = pa.table({"only_child": ["yes"], "seen": [["i1"]]})
    rows = _requests(inputs, block, Batch(k=2), seen=True, now=NOW)
    assert rows["only_child"].tolist() == ["yes"]
    assert rows["only"].tolist() == rows["only_genres"].tolist() == [[""]]
    assert rows["exclude"].tolist() == [["i1"]]
