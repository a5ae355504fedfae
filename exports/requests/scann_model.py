"""`models/retrieve_scann`: candidates by ScaNN in a SavedModel, for servers with its operations.

Legend: B requests, H interests, D embedding, A items that ScaNN is asked for, E excluded ids, N
items.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from configs.export import MAX_K
from exports.indexes import reordered
from exports.indexes.scann import Options, configuration, for_operations
from exports.requests.answers import Candidates, answer, best, checked, excluded
from exports.requests.asked import EXCLUDE, K
from exports.requests.names import Names
from exports.savedmodels import (
    RETRIEVAL_SCORE,
    Encoder,
    Retriever,
    encode_query,
    merged,
    query_signature,
)
from exports.scann_operations import scann_operations
from exports.signatures import SIGNATURE, Signature, Tensors, save_signatures
from tfrs_models.backend import tf


class ScannItems(tf.Module):  # type: ignore[misc]  # TensorFlow has no types
    """The items behind a ScaNN index as variables.

    Args:
        ids: of the N items.
        embeddings: float32 [N, D].
        config: ScaNN's configuration.
        reorder: candidates that are scored again exactly, at least.
    """

    def __init__(
        self, ids: Sequence[str], embeddings: NDArray[np.float32], config: str, reorder: int
    ) -> None:
        super().__init__(name="scann_items")
        self.names = Names(ids, "items")
        self._operations = scann_operations()
        self._reorder = reorder
        searcher = self._operations.create_searcher(embeddings, config, training_threads=1)
        self._state = searcher.serialize_to_module()

    @classmethod
    def of(
        cls,
        ids: Sequence[str],
        embeddings: NDArray[np.float32],
        options: Mapping[str, Any],
        seed: int,
    ) -> Self:
        """The items with the settings of the index `scann`, as far as its operations take them."""
        parsed = for_operations(Options.model_validate(options), len(ids))
        config = configuration(parsed, embeddings, seed)
        return cls(ids, embeddings, config, reordered(len(ids), parsed.reorder))

    def search(self, queries: Any, ask: Any) -> tuple[Any, Any]:
        """Positions int32 and scores float32 of queries [B, D]: [B, A], -inf for no item."""
        searcher = self._operations.searcher_from_module(self._state)
        positions, scores = searcher.search_batched(
            queries, ask, pre_reorder_num_neighbors=tf.maximum(self._reorder, 4 * ask)
        )
        positions, scores = (tf.ensure_shape(one, [None, None]) for one in (positions, scores))
        # ScaNN fills places that it found no item for with position 0 and NaN.
        return positions, tf.where(tf.math.is_nan(scores), -float("inf"), scores)


@dataclass(frozen=True)
class ScannModel:
    """What retrieves.

    Attributes:
        encoder: makes features of raw columns.
        retriever: embeds requests.
        items: the index.
        exclude_seen: whether the items of the history stay out.
    """

    encoder: Encoder
    retriever: Retriever
    items: ScannItems
    exclude_seen: bool

    def save(self, folder: Path) -> None:
        """Write the SavedModel."""
        asked = {
            K: tf.TensorSpec([None], tf.int32),
            EXCLUDE: tf.TensorSpec([None, None], tf.string),
        }
        inputs = merged(query_signature(self.encoder), asked)
        save_signatures({SIGNATURE: Signature(self.retrieve, inputs)}, [self.encoder], folder)

    def retrieve(self, raw: Tensors) -> dict[str, Any]:
        """As the signature `retrieve` of the request model, but approximate.

        The index is asked for as many more items as a request may exclude, so `k` come back where
        the index finds them.
        """
        k = checked(K, raw[K], 1, MAX_K)
        queries = self.retriever.embed_query(encode_query(self.encoder, raw))
        # N stands for an id that is unknown.
        out = self.items.names.positions(excluded(raw, self.exclude_seen))
        ask = tf.minimum(tf.reduce_max(k) + tf.shape(out)[1], len(self.items.names))
        positions, scores = self._search(queries, ask)
        removed = tf.reduce_any(tf.equal(positions[..., tf.newaxis], out[:, tf.newaxis]), axis=2)
        found = best(tf.where(removed, -float("inf"), scores), tf.reduce_max(k))
        found = Candidates(tf.gather(positions, found.positions, batch_dims=1), *found[1:])
        return answer(self.items.names, found, {RETRIEVAL_SCORE: found.scores}, k)

    def _search(self, queries: Any, ask: Any) -> tuple[Any, Any]:
        """Positions and scores of queries [B, D] or [B, H, D]: [B, H A], each item once."""
        if len(queries.shape) == 2:
            return self.items.search(queries, ask)
        flat = tf.reshape(queries, [-1, queries.shape[-1]])
        each = [tf.shape(queries)[0], queries.shape[1] * ask]
        positions, scores = (tf.reshape(one, each) for one in self.items.search(flat, ask))
        order = tf.argsort(scores, axis=1, direction="DESCENDING", stable=True)
        positions, scores = (tf.gather(one, order, batch_dims=1) for one in (positions, scores))
        same = tf.equal(positions[:, :, tf.newaxis], positions[:, tf.newaxis])
        places = tf.range(tf.shape(positions)[1])
        before = places[:, tf.newaxis] > places
        return positions, tf.where(tf.reduce_any(same & before, axis=2), -float("inf"), scores)
