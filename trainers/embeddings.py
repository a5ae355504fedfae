"""Query and candidate embeddings of a trained retrieval model, computed in blocks."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfrs_models.backend import tf
from tfrs_models.evaluation.queries import Queries
from tfrs_models.evaluation.top_k import Scorer

_BLOCK = 8192


def embed(compiled: Any, columns: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
    """Apply a compiled tower to encoded columns of R rows: float32 [R, D]."""
    rows = len(next(iter(columns.values())))
    parts = [
        compiled({name: tf.constant(c[i : i + _BLOCK]) for name, c in columns.items()}).numpy()
        for i in range(0, rows, _BLOCK)
    ]
    return np.concatenate(parts)


def dot_product(
    query_embeddings: NDArray[np.float32], candidate_embeddings: NDArray[np.float32]
) -> Scorer:
    """A scorer from embeddings [Q, D] and [N, D]."""

    def score(block: NDArray[np.intp]) -> NDArray[np.float32]:
        return query_embeddings[block] @ candidate_embeddings.T

    return score


def query_columns(
    queries: Queries,
    encoded_user: Mapping[str, NDArray[Any]],
    encoded_context: Mapping[str, NDArray[Any]],
    history: NDArray[np.int32],
) -> dict[str, NDArray[Any]]:
    """Encoded inputs of the query tower for evaluation queries, each in its own context."""
    user = {name: column[queries.user] for name, column in encoded_user.items()}
    context = {name: column[queries.event] for name, column in encoded_context.items()}
    return user | context | {"history": history}
