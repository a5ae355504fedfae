"""The bundle of the real models answers as the models do on the tables encoded for training."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.bundles import FEATURES, Run, make_parts

from exports.bundle import write_bundle
from exports.loader import load_model
from exports.raw import missing_rows, raw_columns
from serving.recommender import Recommender
from serving.request import Request
from tfrs_models.backend import tf
from tfrs_models.features.encode import encode_tables
from tfrs_models.models.two_tower import TwoTower
from tfrs_models.models.wide_deep import WideDeep

PAIRS = 12


@pytest.fixture(scope="module")
def encoded(real: Run, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The first 12 users, each paired with an item, an event and a history."""
    folder = tmp_path_factory.mktemp("encoded")
    tables = encode_tables(real.parts.encoder, real.parts.dataset, folder)
    return encode_pairs(real.parts.encoder, tables)


def encode_pairs(encoder: Any, tables: Any) -> dict[str, Any]:
    rows = np.arange(PAIRS)
    pairs: dict[str, Any] = {name: tf.constant(v[rows + 2]) for name, v in tables.user.items()}
    pairs |= {name: tf.constant(v[rows + 2]) for name, v in tables.item.items()}
    pairs |= {name: tf.constant(v[rows]) for name, v in tables.context.items()}
    pairs |= encoder.encode_history({n: tf.constant(v) for n, v in histories(rows).items()})
    pairs["retrieval_score"] = tf.constant(scores(rows)[:, None])
    return pairs | encoder.encode_crosses(pairs)


def histories(rows: np.ndarray) -> dict[str, np.ndarray]:
    """What a request says of its history; its time is that of the event, see `raw`."""
    items = [[f"i{row}", "no such item", f"i{row + 3}"] for row in rows]
    return {
        "history": np.array(items, object),
        "history_type": np.array([["event", "", "other"]] * len(rows), object),
        "history_time": np.array([[900_000 + row, -1, 990_000] for row in rows], np.int64),
        "timestamp": 1_000_000 + 3_600 * rows,
    }


def scores(rows: np.ndarray) -> np.ndarray:
    return np.linspace(-1, 1, len(rows), dtype=np.float32)


def shaken(model: Any, seed: int) -> Any:
    """Weights that leave nothing at its start, where terms are 0 and mistakes do not show."""
    random = np.random.default_rng(seed)
    for variable in model.trainable_variables:
        variable.assign_add(random.normal(0, 0.3, variable.shape).astype(np.float32))
    return model


ENCODERS: dict[str, dict[str, Any]] = {
    "mean": {},
    "multi_interest": {"interests": 3},
    "transformer": {"heads": 2},
}
CARRIED = {"max_length": 5, "event_types": True, "time_gaps": True}


@pytest.fixture(scope="module", params=ENCODERS)
def real(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder: Path = tmp_path_factory.mktemp("real")
    history = {"type": request.param, "options": ENCODERS[request.param]}
    features = FEATURES | ({"history": CARRIED} if request.param == "transformer" else {})
    parts = make_parts(
        folder, features=features, retrieval={"embedding_dim": 8, "history": history}
    )
    tables = encode_tables(parts.encoder, parts.dataset, folder / "encoded")
    pairs = encode_pairs(parts.encoder, tables)
    tower = TwoTower(parts.encoder.spec, parts.config.retrieval, seed=1)
    ranker = WideDeep(parts.encoder.spec, parts.config.ranking, seed=2)
    tower.build_from(pairs)
    ranker.build_from(pairs)
    parts = dataclasses.replace(
        parts,
        retriever=shaken(tower, 3),
        ranker=shaken(ranker, 4),
        queries=tower.embed_query(pairs).numpy(),
    )
    return Run(parts, write_bundle(parts, folder / "bundle"))


def raw(real: Run, name: str) -> tuple[Any, dict[str, Any]]:
    """A model, and its raw inputs for the pairs of `encoded`."""
    model, folder = load_model(real.bundle / "models" / name), real.parts.dataset.folder
    inputs = {name: missing_rows(described, PAIRS) for name, described in model.inputs.items()}
    stored = pa.ipc.open_file(real.bundle / "users.arrow").read_all()
    ids = pq.read_table(folder / "users.parquet").column("user_id").to_pylist()[:PAIRS]
    order = [stored.column("user_id").to_pylist().index(user) for user in ids]
    lists = {"seen", *histories(np.arange(1))}.intersection(stored.column_names)
    inputs |= raw_columns(stored.take(order).drop_columns(sorted(lists)), model.inputs)
    inputs |= raw_columns(pq.read_table(real.bundle / "items.parquet")[:PAIRS], model.inputs)
    inputs |= raw_columns(pq.read_table(folder / "events.parquet")[:PAIRS], {
        name: described for name, described in model.inputs.items() if name == "timestamp"
    })  # fmt: skip
    given = histories(np.arange(PAIRS)) | {"retrieval_score": scores(np.arange(PAIRS))}
    return model, inputs | {name: given[name] for name in given if name in inputs}


def test_query_embeddings_agree(real: Run, encoded: dict[str, Any]) -> None:
    model, inputs = raw(real, "embed_query")
    expected = real.parts.retriever.embed_query(encoded).numpy()
    np.testing.assert_allclose(model(inputs)["query_embedding"], expected, atol=1e-5)


def test_candidate_embeddings_agree(real: Run, encoded: dict[str, Any]) -> None:
    model, inputs = raw(real, "embed_candidate")
    expected = real.parts.retriever.embed_candidate(encoded).numpy()
    np.testing.assert_allclose(model(inputs)["candidate_embedding"], expected, atol=1e-5)


def test_scores_agree(real: Run, encoded: dict[str, Any]) -> None:
    model, inputs = raw(real, "rank")
    expected = real.parts.ranker.score(encoded).numpy()
    np.testing.assert_allclose(model(inputs)["score"], expected, atol=1e-5)


def test_a_bundle_of_the_real_models_recommends(real: Run) -> None:
    answer = Recommender.open(real.bundle).recommend(Request("u1", k=10))
    assert len(answer.items) == 10
