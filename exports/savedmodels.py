"""The three exported models: raw features in, embeddings and scores out, stock operations only.

- `embed_query`: user and context columns, `history` [B, L] and what it carries ->
  `query_embedding` [B, D], [B, H, D] with H interests
- `embed_candidate`: item columns -> `candidate_embedding` [B, D]
- `rank`: user and context columns and `history` with 1 row, item columns, `item_statistics` [B, S]
  and `retrieval_score` [B] of the candidates of this one request -> each task's output [B] by its
  name, and `score` [B]
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from configs.errors import ConfigError
from exports.signatures import SIGNATURE, Signature, Tensors, save_signatures
from tfrs_models.backend import tf
from tfrs_models.data.statistics import STATISTICS
from tfrs_models.features.history import HISTORY, REQUEST_TIME
from tfrs_models.features.pairs import of_list

RETRIEVAL_SCORE = "retrieval_score"
ITEM_STATISTICS = "item_statistics"
QUERY_EMBEDDING = "query_embedding"
CANDIDATE_EMBEDDING = "candidate_embedding"


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
        """Outputs float32 [Q G] by name, of Q requests with G candidates each."""


def save_query_model(encoder: Encoder, model: Retriever, folder: Path) -> None:
    """Write `embed_query`."""

    def embed_query(raw: Tensors) -> dict[str, Any]:
        return {QUERY_EMBEDDING: model.embed_query(encode_query(encoder, raw))}

    _save(Signature(embed_query, query_signature(encoder)), encoder, folder)


def save_candidate_model(encoder: Encoder, model: Retriever, folder: Path) -> None:
    """Write `embed_candidate`."""

    def embed_candidate(raw: Tensors) -> dict[str, Any]:
        return {CANDIDATE_EMBEDDING: model.embed_candidate(encoder.encode("item", raw))}

    _save(Signature(embed_candidate, encoder.raw_signature("item")), encoder, folder)


def save_rank_model(encoder: Encoder, model: Ranker, folder: Path) -> None:
    """Write `rank`: the retrieved list of one request is its batch."""

    def rank(raw: Tensors) -> dict[str, Any]:
        items = encoder.encode("item", _columns(encoder, "item", raw))
        scores = raw[RETRIEVAL_SCORE][tf.newaxis]
        return model.predict(
            encode_query(encoder, raw),
            {name: column[tf.newaxis] for name, column in items.items()},
            raw[ITEM_STATISTICS][tf.newaxis],
            of_list(scores, tf.ones_like(scores, tf.bool)),
        )

    own = {
        RETRIEVAL_SCORE: tf.TensorSpec([None], tf.float32),
        ITEM_STATISTICS: tf.TensorSpec([None, len(STATISTICS)], tf.float32),
    }
    inputs = merged(query_signature(encoder), encoder.raw_signature("item"), own)
    _save(Signature(rank, inputs), encoder, folder)


def _save(signature: Signature, encoder: Encoder, folder: Path) -> None:
    save_signatures({SIGNATURE: signature}, [encoder], folder)


def encode_query(encoder: Encoder, raw: Tensors) -> dict[str, Any]:
    """Encoded features of users, contexts and histories."""
    user = encoder.encode("user", _columns(encoder, "user", raw))
    context = encoder.encode("context", _columns(encoder, "context", raw))
    return user | context | encoder.encode_history(raw)


def _columns(encoder: Encoder, table: str, raw: Tensors) -> dict[str, Any]:
    return {name: raw[name] for name in encoder.raw_signature(table)}


def query_signature(encoder: Encoder) -> dict[str, Any]:
    """Tensor specs of the raw columns of a request."""
    context = dict(encoder.raw_signature("context"))
    history = dict(encoder.history_signature())
    shared = context.get(REQUEST_TIME)
    if shared is not None and shared.dtype == tf.int64:
        history.pop(REQUEST_TIME, None)  # one moment, read by a feature and by the history
    return merged(encoder.raw_signature("user"), context, history)


def merged(*signatures: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs of one model.

    Raises:
        ConfigError: two of them have one name.
    """
    inputs: dict[str, Any] = {}
    for signature in signatures:
        clash = sorted(inputs.keys() & signature.keys())
        if clash:
            raise ConfigError(
                f"the column `{clash[0]}` would be two inputs of one model: `{HISTORY}`, what the "
                f"retrieval says (`{RETRIEVAL_SCORE}`, `{ITEM_STATISTICS}`) and what a request "
                "asks for (`k`, `exclude`, `only`, `diversity`) are inputs already. Rename the "
                "column in the source."
            )
        inputs |= signature
    return inputs
