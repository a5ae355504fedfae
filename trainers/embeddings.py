"""Query and candidate embeddings of a trained retrieval model, computed in blocks.

Legend: Q queries, N candidates, H interests, W width of the embeddings.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfrs_models.backend import tf
from tfrs_models.evaluation.queries import Queries
from tfrs_models.evaluation.top_k import Scorer

_BLOCK = 4096


def embed(compiled: Any, columns: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
    """Apply a compiled tower to encoded columns of R rows: float32 [R, W] or [R, H, W]."""
    rows = len(next(iter(columns.values())))
    parts = [
        compiled({name: tf.constant(c[i : i + _BLOCK]) for name, c in columns.items()}).numpy()
        for i in range(0, rows, _BLOCK)
    ]
    return np.concatenate(parts)


def dot_product(
    query_embeddings: NDArray[np.float32], candidate_embeddings: NDArray[np.float32]
) -> Scorer:
    """A scorer from embeddings [Q, W] or [Q, H, W], of which the nearest counts, and [N, W]."""
    width = candidate_embeddings.shape[1]
    interests = query_embeddings.reshape(len(query_embeddings), -1, width)

    def score(block: NDArray[np.intp]) -> NDArray[np.float32]:
        flat = interests[block].reshape(-1, width) @ candidate_embeddings.T
        scores: NDArray[np.float32] = flat.reshape(len(block), -1, flat.shape[1])
        return scores[:, 0] if scores.shape[1] == 1 else scores.max(axis=1)

    return score


def query_columns(
    queries: Queries,
    encoded_user: Mapping[str, NDArray[Any]],
    encoded_context: Mapping[str, NDArray[Any]],
    history: Mapping[str, NDArray[np.int32]],
) -> dict[str, NDArray[Any]]:
    """Encoded inputs of the query tower for evaluation queries, each in its own context."""
    user = {name: column[queries.user] for name, column in encoded_user.items()}
    context = {name: column[queries.event] for name, column in encoded_context.items()}
    return user | context | dict(history)
