"""The bundle of the real models answers as the models do on the tables encoded for training."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.bundles import FEATURES, Run, make_parts

from configs.ranking import RankingConfig
from exports.bundle import write_bundle
from exports.loader import load_model
from exports.raw import missing_rows, raw_columns
from serving.recommender import Recommender
from serving.request import Request
from tfrs_models.backend import tf
from tfrs_models.calibration._calibration import Calibrator
from tfrs_models.features.encode import encode_tables
from tfrs_models.features.pairs import of_list
from tfrs_models.features.ranking_encoder import RankingEncoder
from tfrs_models.models.ranker import Ranker
from tfrs_models.models.two_tower import TwoTower
from tfrs_models.models.wide_deep import RankingInputs, WideDeep

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
    return pairs | encoder.encode_history({n: tf.constant(v) for n, v in histories(rows).items()})


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


RETRIEVED = ("retrieval_score", "item_statistics")
TASKS = {"positive": {}, "rating": {"label": {"type": "value"}, "objective": {"type": "squared"}}}


def real_ranker(encoder: Any, tables: Any) -> Ranker:
    """A ranker with two tasks, one of them calibrated, all of whose weights are random."""
    ranking = RankingEncoder(encoder, tables.item)
    inputs = RankingInputs.of(encoder.spec, len(ranking.pairs.names))
    model = WideDeep(inputs, RankingConfig.model_validate({"tasks": TASKS}), seed=2)
    every = {name: tf.constant(v[:1]) for name, v in {**tables.user, **tables.context}.items()}
    query = every | encoder.encode_history(
        {name: tf.constant(values) for name, values in histories(np.arange(1)).items()}
    )
    items = {name: tf.constant(tables.item[name][:1])[tf.newaxis] for name in ranking.item_names}
    pairs = tf.zeros([1, 1, len(ranking.pairs.names)])
    model.build_from(query, ranking.candidates(query, items, pairs))
    calibrator = Calibrator("platt", {"slope": 0.5, "offset": -1.0})
    return Ranker(shaken(model, 4), ranking, {"positive": calibrator}, "rating + 2 * positive")


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
    tower.build_from(pairs)
    parts = dataclasses.replace(
        parts,
        retriever=shaken(tower, 3),
        ranker=real_ranker(parts.encoder, tables),
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


def test_outputs_agree(real: Run, encoded: dict[str, Any]) -> None:
    """Of the first user and all items of `encoded`, retrieved in this order."""
    model, inputs = raw(real, "rank")
    spec = real.parts.encoder.spec
    items = [f.column for f in spec.table("item")]
    given = {n: v if n in {*items, *RETRIEVED} else v[:1] for n, v in inputs.items()}
    of_items = {f.name: encoded[f.name][tf.newaxis] for f in spec.table("item")}
    query = {n: v[:1] for n, v in encoded.items() if n not in of_items}
    statistics = tf.constant(inputs["item_statistics"][np.newaxis])
    listed = of_list(
        tf.constant(scores(np.arange(PAIRS)))[tf.newaxis], tf.ones([1, PAIRS], tf.bool)
    )
    expected = real.parts.ranker.predict(query, of_items, statistics, listed)
    answer = model(given)
    for name in ("positive", "rating", "score"):
        np.testing.assert_allclose(answer[name], expected[name], atol=1e-5)


def test_a_bundle_of_the_real_models_recommends(real: Run) -> None:
    answer = Recommender.open(real.bundle).recommend(Request("u1", k=10))
    assert len(answer.items) == 10
