"""The exported models answer on raw features as the models do on encoded ones."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from support.bundles import FEATURES, Run, make_parts

from configs.errors import ConfigError
from exports.loader import LoadedModel, load_model
from exports.savedmodels import save_candidate_model, save_query_model, save_rank_model
from tfrs_models.backend import tf
from tfrs_models.data.statistics import STATISTICS
from tfrs_models.features.pairs import of_list

USERS = {
    "user_id": np.array(["u1", "new", ""], object),
    "age": np.array([30, np.nan, -4], np.float32),
    "city": np.array(["Rome", "", "Atlantis"], object),
    "timestamp": np.array([3_600, -1, 90_000], np.int64),
    "history": np.array([["i1", "i2"], ["", "i9"], ["nothing", ""]], object),
}
ITEMS = {
    "item_id": np.array(["i1", "i39", "new"], object),
    "genres": np.array(["drama|comedy", "", "western"], object),
    "price": np.array([3, np.nan, 9], np.float32),
    "released": np.array([900_001, -1, 950_000], np.int64),
    "image": np.array([[1, 2, 3], [np.nan] * 3, [0, 0, 1]], np.float32),
}


def load(run: Run, name: str) -> LoadedModel:
    return load_model(run.bundle / "models" / name)


def encoded_users(run: Run, rows: slice = slice(None)) -> dict[str, Any]:
    encoder = run.parts.encoder
    raw = {name: tf.constant(values[rows]) for name, values in USERS.items()}
    user, context = encoder.encode("user", raw), encoder.encode("context", raw)
    return user | context | encoder.encode_history(raw)


def encoded_items(run: Run) -> dict[str, Any]:
    return run.parts.encoder.encode("item", {n: tf.constant(v) for n, v in ITEMS.items()})


RETRIEVED = {
    "retrieval_score": np.array([0.1, 0.2, 0.3], np.float32),
    "item_statistics": np.arange(3 * len(STATISTICS), dtype=np.float32).reshape(3, -1),
}


def one_user() -> dict[str, NDArray[Any]]:
    return {name: values[:1] for name, values in USERS.items()}


def outputs(run: Run) -> dict[str, NDArray[np.float32]]:
    """What the ranker says of the first user and all items."""
    scores = RETRIEVED["retrieval_score"][np.newaxis]
    found: dict[str, Any] = run.parts.ranker.predict(
        encoded_users(run, slice(1)),
        {name: tensor[tf.newaxis] for name, tensor in encoded_items(run).items()},
        tf.constant(RETRIEVED["item_statistics"][np.newaxis]),
        of_list(tf.constant(scores), tf.ones([1, 3], tf.bool)),
    )
    return {name: tensor.numpy() for name, tensor in found.items()}


def test_query_model_equals_the_model_on_encoded_features(run: Run) -> None:
    expected = run.parts.retriever.embed_query(encoded_users(run)).numpy()
    answer = load(run, "embed_query")(USERS)["query_embedding"]
    np.testing.assert_allclose(answer, expected, atol=1e-6)


def test_candidate_model_equals_the_model_on_encoded_features(run: Run) -> None:
    expected = run.parts.retriever.embed_candidate(encoded_items(run)).numpy()
    answer = load(run, "embed_candidate")(ITEMS)["candidate_embedding"]
    np.testing.assert_allclose(answer, expected, atol=1e-6)


def test_rank_model_equals_the_model_on_encoded_features(run: Run) -> None:
    answer = load(run, "rank")(one_user() | ITEMS | RETRIEVED)
    for name, expected in outputs(run).items():
        np.testing.assert_allclose(answer[name], expected, atol=1e-6)


def test_rank_model_gives_every_task_and_the_score(run: Run) -> None:
    assert set(load(run, "rank").outputs) == {"positive", "score"}


def test_rank_model_ranks_any_number_of_candidates(run: Run) -> None:
    model = load(run, "rank")
    two = {name: values[:2] for name, values in (ITEMS | RETRIEVED).items()}
    assert model(one_user() | two)["score"].shape == (2,)


def test_the_history_may_have_any_length(run: Run) -> None:
    model = load(run, "embed_query")
    empty = USERS | {"history": np.empty((3, 0), object)}
    padded = USERS | {"history": np.full((3, 7), "", object)}
    np.testing.assert_array_equal(model(empty)["query_embedding"], model(padded)["query_embedding"])


def test_no_rows_give_no_embeddings(run: Run) -> None:
    model = load(run, "embed_candidate")
    nothing = {name: values[:0] for name, values in ITEMS.items()}
    assert model(nothing)["candidate_embedding"].shape[0] == 0


@pytest.mark.parametrize("name", ["embed_query", "embed_candidate", "rank"])
def test_a_signature_names_the_columns_and_leaves_the_batch_open(run: Run, name: str) -> None:
    inputs = load(run, name).inputs
    expected = {
        "embed_query": USERS.keys(),
        "embed_candidate": ITEMS.keys(),
        "rank": USERS.keys() | ITEMS.keys() | RETRIEVED.keys(),
    }
    assert inputs.keys() == expected[name]
    assert all(described.shape[0] is None for described in inputs.values())


def test_a_model_carries_only_the_vocabularies_it_reads(run: Run) -> None:
    assets = run.bundle / "models" / "embed_candidate" / "assets"
    assert sorted(path.name for path in assets.iterdir()) == ["genres.txt", "item_id.txt"]


def test_models_use_stock_operations_only(run: Run) -> None:
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    path = run.bundle / "models" / "rank" / "saved_model.pb"
    graph = SavedModel.FromString(path.read_bytes()).meta_graphs[0].graph_def
    nodes = [*graph.node, *(node for f in graph.library.function for node in f.node_def)]
    assert not {node.op for node in nodes} & {"PyFunc", "EagerPyFunc", "ReadFile", "WriteFile"}


class Renamed:
    """An encoder whose item columns are called otherwise."""

    def __init__(self, encoder: Any, names: dict[str, str]) -> None:
        self.encoder, self.names = encoder, names

    def __getattr__(self, name: str) -> Any:
        return getattr(self.encoder, name)

    def raw_signature(self, table: str) -> dict[str, Any]:
        signature = self.encoder.raw_signature(table)
        return {self.names.get(name, name): spec for name, spec in signature.items()}

    def encode(self, table: str, raw: dict[str, Any]) -> dict[str, Any]:
        back = {new: old for old, new in self.names.items()}
        return self.encoder.encode(table, {back.get(n, n): tensor for n, tensor in raw.items()})


@pytest.mark.parametrize("column", ["unit price", "1st:float"])
def test_columns_may_have_any_name(run: Run, tmp_path: Path, column: str) -> None:
    encoder = Renamed(run.parts.encoder, {"price": column})
    save_candidate_model(encoder, run.parts.retriever, tmp_path)
    raw = {name if name != "price" else column: values for name, values in ITEMS.items()}
    answer = load_model(tmp_path)(raw)["candidate_embedding"]
    expected = load(run, "embed_candidate")(ITEMS)["candidate_embedding"]
    np.testing.assert_array_equal(answer, expected)


@pytest.mark.parametrize("column", ["history", "retrieval_score", "item_statistics", "age"])
def test_a_column_with_the_name_of_another_input_is_refused(
    run: Run, tmp_path: Path, column: str
) -> None:
    encoder = Renamed(run.parts.encoder, {"price": column})
    with pytest.raises(ConfigError, match=f"the column `{column}` would be two inputs"):
        save_rank_model(encoder, run.parts.ranker, tmp_path)


def test_a_history_of_events_is_encoded_in_the_model(tmp_path: Path) -> None:
    """Its time is the one that the context's hour is taken from: one input serves both."""
    features = FEATURES | {"history": {"max_length": 5, "event_types": True, "time_gaps": True}}
    parts = make_parts(tmp_path, features=features, with_ranker=False)

    class Carried:
        def embed_query(self, encoded: dict[str, Any]) -> Any:
            columns = [encoded[name] for name in ("history", "history_type", "history_gap")]
            return tf.cast(tf.concat(columns, axis=1), tf.float32)

    save_query_model(parts.encoder, Carried(), tmp_path / "model")
    model = load_model(tmp_path / "model")
    carried = {
        "history_type": np.array([["event", "other"], ["", "event"], ["", ""]], object),
        "history_time": np.array([[0, 600], [-1, 89_999], [5, 6]], np.int64),
    }
    assert set(model.inputs) == {*USERS, *carried}
    found = model(USERS | carried)["query_embedding"].astype(int).reshape(3, 3, 5)
    row = {name: place + 2 for place, name in enumerate(item_ids(parts))}
    # The first user: 600 s to the next (2^9 to 2^10: id 11) and 3000 s to the request (2^11: 13).
    assert found[0].tolist() == [
        [row["i1"], row["i2"], 0, 0, 0],
        [2, 1, 0, 0, 0],
        [11, 13, 0, 0, 0],
    ]
    # The second has one item that is known, and a request without a time.
    assert found[1].tolist() == [[row["i9"], 0, 0, 0, 0], [2, 0, 0, 0, 0], [0, 0, 0, 0, 0]]
    assert not found[2].any()


def item_ids(parts: Any) -> list[str]:
    vocabulary = parts.dataset.folder / "vocabularies" / "item_id.txt"
    return vocabulary.read_text("utf-8").splitlines()


def test_a_run_without_history_and_context_exports(tmp_path: Path) -> None:
    features = {
        "user": {"user_id": {"type": "categorical"}},
        "item": {"item_id": {"type": "categorical"}},
        "history": {"max_length": 0},
    }
    parts = make_parts(tmp_path, features=features, with_ranker=False)

    class IdsOnly:
        def embed_candidate(self, encoded: dict[str, Any]) -> Any:
            return tf.one_hot(encoded["item_id"][:, 0], 4)

    save_candidate_model(parts.encoder, IdsOnly(), tmp_path / "model")
    answer = load_model(tmp_path / "model")({"item_id": np.array(["", "new"], object)})
    np.testing.assert_array_equal(answer["candidate_embedding"], np.eye(4, dtype=np.float32)[:2])
