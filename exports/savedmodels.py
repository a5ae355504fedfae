"""The three exported models: raw features in, embeddings and scores out, stock operations only.

- `embed_query`: user and context columns, `history` [B, L] and what it carries ->
  `query_embedding` [B, D], [B, H, D] with H interests
- `embed_candidate`: item columns -> `candidate_embedding` [B, D]
- `rank`: user and context columns and `history` with 1 row, item columns, `item_statistics` [B, S]
  and `retrieval_score` [B] of the candidates of this one request -> each task's output [B] by its
  name, and `score` [B]
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from configs.errors import ConfigError
from tfrs_models.backend import tf
from tfrs_models.data.statistics import STATISTICS
from tfrs_models.features.history import HISTORY, REQUEST_TIME
from tfrs_models.features.pairs import of_list

RETRIEVAL_SCORE = "retrieval_score"
ITEM_STATISTICS = "item_statistics"
QUERY_EMBEDDING = "query_embedding"
CANDIDATE_EMBEDDING = "candidate_embedding"
SIGNATURE = "serving_default"

Tensors = Mapping[str, Any]


class Encoder(Protocol):
    """What exports need of `tfrs_models.features.encoder.FeatureEncoder`, a `tf.Module`."""

    def raw_signature(self, table: Any) -> Mapping[str, Any]:
        """Tensor specs of the table's columns, batch dimension None."""

    def encode(self, table: Any, raw: Any) -> dict[str, Any]:
        """Encoded features of one table."""

    def history_signature(self) -> Mapping[str, Any]:
        """Tensor specs of the raw history."""

    def encode_history(self, raw: Any) -> dict[str, Any]:
        """Encoded history of the raw tensors of `history_signature`."""

    def encode_crosses(self, encoded: Any) -> dict[str, Any]:
        """Crosses of encoded features."""


class Retriever(Protocol):
    """What exports need of the two-tower model."""

    def embed_query(self, encoded: Any) -> Any:
        """Query embeddings float32 [B, D] or [B, H, D]."""

    def embed_candidate(self, encoded: Any) -> Any:
        """Candidate embeddings float32 [B, D]."""


class Ranker(Protocol):
    """What exports need of `tfrs_models.models.ranker.Ranker`."""

    def predict(self, query: Any, items: Any, statistics: Any, retrieved: Any) -> dict[str, Any]:
        """Outputs float32 [B] by name, of one request with B candidates."""


def save_query_model(encoder: Encoder, model: Retriever, folder: Path) -> None:
    """Write `embed_query`."""

    def embed_query(raw: Tensors) -> dict[str, Any]:
        return {QUERY_EMBEDDING: model.embed_query(_encode_query(encoder, raw))}

    _save(embed_query, _query_signature(encoder), encoder, folder)


def save_candidate_model(encoder: Encoder, model: Retriever, folder: Path) -> None:
    """Write `embed_candidate`."""

    def embed_candidate(raw: Tensors) -> dict[str, Any]:
        return {CANDIDATE_EMBEDDING: model.embed_candidate(encoder.encode("item", raw))}

    _save(embed_candidate, encoder.raw_signature("item"), encoder, folder)


def save_rank_model(encoder: Encoder, model: Ranker, folder: Path) -> None:
    """Write `rank`: the retrieved list of one request is its batch."""

    def rank(raw: Tensors) -> dict[str, Any]:
        items = encoder.encode("item", _columns(encoder, "item", raw))
        scores = raw[RETRIEVAL_SCORE][tf.newaxis]
        return model.predict(
            _encode_query(encoder, raw),
            {name: column[tf.newaxis] for name, column in items.items()},
            raw[ITEM_STATISTICS][tf.newaxis],
            of_list(scores, tf.ones_like(scores, tf.bool)),
        )

    own = {
        RETRIEVAL_SCORE: tf.TensorSpec([None], tf.float32),
        ITEM_STATISTICS: tf.TensorSpec([None, len(STATISTICS)], tf.float32),
    }
    signature = _merge(_query_signature(encoder), encoder.raw_signature("item"), own)
    _save(rank, signature, encoder, folder)


def _encode_query(encoder: Encoder, raw: Tensors) -> dict[str, Any]:
    user = encoder.encode("user", _columns(encoder, "user", raw))
    context = encoder.encode("context", _columns(encoder, "context", raw))
    return user | context | encoder.encode_history(raw)


def _columns(encoder: Encoder, table: str, raw: Tensors) -> dict[str, Any]:
    return {name: raw[name] for name in encoder.raw_signature(table)}


def _query_signature(encoder: Encoder) -> dict[str, Any]:
    context = dict(encoder.raw_signature("context"))
    history = dict(encoder.history_signature())
    shared = context.get(REQUEST_TIME)
    if shared is not None and shared.dtype == tf.int64:
        history.pop(REQUEST_TIME, None)  # one moment, read by a feature and by the history
    return _merge(encoder.raw_signature("user"), context, history)


def _merge(*signatures: Mapping[str, Any]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for signature in signatures:
        clash = sorted(merged.keys() & signature.keys())
        if clash:
            raise ConfigError(
                f"the column `{clash[0]}` would be two inputs of one model; `{HISTORY}`, "
                f"`{RETRIEVAL_SCORE}` and `{ITEM_STATISTICS}` are inputs already. "
                "Rename the column in the source."
            )
        merged |= signature
    return merged


def _save(
    function: Callable[[Tensors], dict[str, Any]],
    signature: Mapping[str, Any],
    encoder: Encoder,
    folder: Path,
) -> None:
    columns = {_argument(name, place): name for place, name in enumerate(signature)}
    specs = {a: tf.TensorSpec(signature[c].shape, signature[c].dtype) for a, c in columns.items()}

    def by_column(**arguments: Any) -> dict[str, Any]:
        return function({columns[name]: tensor for name, tensor in arguments.items()})

    concrete = tf.function(by_column, autograph=False).get_concrete_function(**specs)
    module = tf.Module()
    # Only what the function reads: the whole model and encoder would bring along every layer and
    # every vocabulary, and a server would load them all.
    module.weights = _captured_variables(concrete)
    module.tables = _captured_tables(encoder, concrete)
    tf.saved_model.save(module, str(folder), signatures={SIGNATURE: concrete})
    _name_inputs(folder, columns)


def _captured_variables(concrete: Any) -> list[Any]:
    """The variables in the order in which tracing met them; TensorFlow keeps them as a set."""
    place = {id(outer): place for place, (outer, _) in enumerate(concrete.graph.captures)}
    return sorted(concrete.variables, key=lambda variable: place[id(variable.handle)])


def _argument(column: str, place: int) -> str:
    """A name that TensorFlow takes for an argument; it alters others, such as `unit price`."""
    return column if re.fullmatch("[A-Za-z][A-Za-z0-9_]*", column) else f"column_{place}_"


def _name_inputs(folder: Path, columns: Mapping[str, str]) -> None:
    """Give the inputs of the stored signature the names of their columns."""
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    path = folder / "saved_model.pb"
    model = SavedModel.FromString(path.read_bytes())
    inputs = model.meta_graphs[0].signature_def[SIGNATURE].inputs
    for argument, column in columns.items():
        if argument != column:
            inputs[column].CopyFrom(inputs[argument])
            del inputs[argument]
    path.write_bytes(model.SerializeToString(deterministic=True))


def _captured_tables(encoder: Encoder, concrete: Any) -> list[Any]:
    captured = {id(tensor) for tensor in concrete.captured_inputs}
    nodes = tf.train.TrackableView(encoder).descendants()
    return [node for node in nodes if id(getattr(node, "resource_handle", None)) in captured]
