from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.bundles import ITEMS, Run, make_parts, make_run

from configs.errors import ConfigError
from exports.bundle import write_bundle
from exports.manifest import Manifest
from serving.recommender import Recommender
from serving.request import Request
from serving.reranking import request_time
from tfrs_models.data.dataset import FIRST_ROW
from tfrs_models.evaluation.queries import Queries
from tfrs_models.evaluation.reranked import dataset_catalogue, rerank_lists
from tfrs_models.metrics.rows import Rows

# Together they read all that a bundle has, but for the popularity.
STEPS: list[dict[str, Any]] = [
    {"type": "freshness", "options": {"weight": 0.3, "half_life_days": 1}},
    {"type": "calibrated", "options": {"column": "genres", "relevance": 0.6}},
    {"type": "mmr", "options": {"relevance": 0.6}},
    {
        "type": "rules",
        "options": {
            "exclude": [{"column": "title", "value": "Title 30"}],
            "pin": [{"column": "item_id", "value": "i35", "position": 2}],
        },
    },
]
REQUEST = Request("u1", k=8, features={"timestamp": 1_600_000})


@pytest.fixture(scope="module")
def reranked(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("reranked")
    return make_run(folder, with_ranker=False, reranking={"steps": STEPS})


@pytest.fixture(scope="module")
def recommender(reranked: Run) -> Recommender:
    return Recommender.open(reranked.bundle)


def ids(recommender: Recommender, request: Request) -> list[str]:
    return [item.item_id for item in recommender.recommend(request).items]


def by_score(recommender: Recommender, request: Request) -> tuple[np.ndarray, np.ndarray]:
    """Positions and scores of the candidates before the steps."""
    known = recommender.look_up(request)
    query = recommender.embed_query(recommender.query_inputs(request, known))["query_embedding"]
    return recommender.retrieve(query, request.k, known.removed)


def test_the_steps_of_the_bundle_change_the_list(recommender: Recommender) -> None:
    found = ids(recommender, REQUEST)
    positions, _ = by_score(recommender, REQUEST)
    before = [row["item_id"] for row in recommender.items.rows(positions[:8])]
    assert len(set(found)) == 8
    assert found[1] == "i35"
    assert found != before


def test_an_excluded_item_never_comes(recommender: Recommender) -> None:
    found = ids(recommender, Request("u1", k=ITEMS))
    assert "i35" in found
    assert "i30" not in found


def test_offline_and_server_give_the_same_order(reranked: Run, recommender: Recommender) -> None:
    positions, scores = by_score(recommender, REQUEST)
    history = recommender.items.known(recommender.look_up(REQUEST).history.items) + FIRST_ROW
    dataset = reranked.parts.dataset
    embeddings = np.load(reranked.bundle / "index" / "exact" / "embeddings.npy")
    padded = np.vstack([np.zeros((FIRST_ROW, embeddings.shape[1]), np.float32), embeddings])
    chain = recommender.reranker.chain
    catalogue = dataset_catalogue(dataset, reranked.parts.encoder.spec, chain.needs, padded)
    past = Rows(np.array([0, len(history)]), history.astype(np.int32))
    query = Queries(
        user=np.array([2], np.int32),
        history=past,
        events=past,
        seen=past,
        targets=past,
        time=np.array([1_600_000 * 1_000_000]),
        event=np.array([0]),
    )
    lists = (positions[None] + FIRST_ROW).astype(np.int32)
    offline = rerank_lists(chain, catalogue, lists, scores[None], query, 8)
    rows = recommender.items.rows(offline[0].astype(np.int64) - FIRST_ROW)
    assert ids(recommender, REQUEST) == [row["item_id"] for row in rows]


def test_a_bundle_without_steps_maps_no_embeddings(run: Run) -> None:
    reranker = Recommender.open(run.bundle).reranker
    assert reranker.chain.steps == ()
    assert reranker.catalogue.vectors is None


def test_the_manifest_of_an_earlier_bundle_has_no_steps(run: Run) -> None:
    raw = Recommender.open(run.bundle).manifest.model_dump(exclude={"reranking", "separators"})
    assert Manifest.model_validate(raw).reranking.steps == ()


def test_a_column_that_is_not_there_fails_the_export(tmp_path: Path) -> None:
    steps = [{"type": "calibrated", "options": {"column": "genre"}}]
    parts = make_parts(tmp_path, reranking={"steps": steps})
    with pytest.raises(ConfigError, match=r"`genre` .* Did you mean `genres`\?"):
        write_bundle(parts, tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()


def test_the_request_tells_its_time() -> None:
    assert request_time({"timestamp": np.array([12])}) == 12.0


@pytest.mark.parametrize("arrays", [{}, {"timestamp": np.array([-1])}])
def test_without_a_time_it_is_now(monkeypatch: pytest.MonkeyPatch, arrays: Any) -> None:
    monkeypatch.setattr("time.time", lambda: 99.0)
    assert request_time(arrays) == 99.0
