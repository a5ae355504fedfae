"""The SavedModel at the root of a bundle: whole requests, in stock TensorFlow operations alone.

- `serving_default`: a request -> ids, scores and the outputs of the ranking tasks, best first
- `retrieve`: the same without ranking: the nearest candidates

Every item is scored, so exclusions and filters leave as many items as there are.

Legend: B requests, N items, E excluded ids, A ids of an allow-list, F values of a filter, G
candidates of a request, K items that come back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from configs.export import MAX_K
from configs.formula import SCORE
from exports.loader import Input
from exports.requests.answers import Candidates, answer, best, checked, excluded
from exports.requests.asked import DIVERSITY, FILTER, ONLY, K, asked_inputs, unranked
from exports.requests.catalogue import Catalogue
from exports.requests.diversity import diversified
from exports.savedmodels import (
    RETRIEVAL_SCORE,
    Encoder,
    Ranker,
    Retriever,
    encode_query,
    merged,
    query_signature,
)
from exports.signatures import SIGNATURE, Signature, Tensors, save_signatures
from tfrs_models.backend import tf
from tfrs_models.features.pairs import of_list

RETRIEVE = "retrieve"


@dataclass(frozen=True)
class RequestModel:
    """What answers requests.

    Attributes:
        encoder: makes features of raw columns.
        retriever: embeds requests.
        ranker: orders candidates; None leaves the retrieved order.
        catalogue: the items.
        candidates: that are ranked, at least; more where `k` is larger.
        exclude_seen: whether the items of the history stay out.
    """

    encoder: Encoder
    retriever: Retriever
    ranker: Ranker | None
    catalogue: Catalogue
    candidates: int
    exclude_seen: bool

    def save(self, folder: Path) -> None:
        """Write the SavedModel."""
        asked = asked_inputs(self.catalogue.filters)
        signatures = {
            SIGNATURE: Signature(self.recommend, self._specs(asked)),
            RETRIEVE: Signature(self.retrieve, self._specs(unranked(asked))),
        }
        save_signatures(signatures, [self.encoder], folder)

    def _specs(self, asked: Mapping[str, Input]) -> dict[str, Any]:
        specs = {name: tf.TensorSpec(one.shape, one.dtype) for name, one in asked.items()}
        return merged(query_signature(self.encoder), specs)

    def retrieve(self, raw: Tensors) -> dict[str, Any]:
        """`item_id` string [B, K], `retrieval_score` float32 [B, K] and `count` int32 [B].

        K is the largest `k` of the batch. `count` is the `k` of a request, or how many items may
        come back where these are fewer; the places after them hold "" and 0.
        """
        k = checked(K, raw[K], 1, MAX_K)
        _, found = self._candidates(raw, tf.reduce_max(k))
        return answer(self.catalogue.names, found, {RETRIEVAL_SCORE: found.scores}, k)

    def recommend(self, raw: Tensors) -> dict[str, Any]:
        """As `retrieve`, with `score` and the outputs of the tasks, float32 [B, K]."""
        k = checked(K, raw[K], 1, MAX_K)
        diversity = checked(DIVERSITY, raw[DIVERSITY], 0.0, 1.0)
        query, found = self._candidates(raw, tf.maximum(tf.reduce_max(k), self.candidates))
        outputs = self._outputs(query, found)
        places = tf.minimum(tf.reduce_max(k), tf.shape(found.positions)[1])
        chosen = self._chosen(outputs[SCORE], found, diversity, places)
        listed = {name: tf.gather(one, chosen, batch_dims=1) for name, one in outputs.items()}
        taken = Candidates(*(tf.gather(one, chosen, batch_dims=1) for one in found))
        return answer(self.catalogue.names, taken, listed | {RETRIEVAL_SCORE: taken.scores}, k)

    def _candidates(self, raw: Tensors, number: Any) -> tuple[dict[str, Any], Candidates]:
        """The encoded request, and the best items that may come back."""
        query = encode_query(self.encoder, raw)
        scores = self.catalogue.scores(self.retriever.embed_query(query))
        scores = self._permitted(scores, raw)
        return query, best(scores, number)

    def _permitted(self, scores: Any, raw: Tensors) -> Any:
        """Scores [B, N] with -inf for what may not come back."""
        scores = self.catalogue.without(scores, excluded(raw, self.exclude_seen))
        wanted = {name: raw[f"{FILTER}{name}"] for name in self.catalogue.filters}
        return self.catalogue.within(scores, raw[ONLY], wanted)

    def _outputs(self, query: Mapping[str, Any], found: Candidates) -> dict[str, Any]:
        """Outputs of the tasks and `score`, float32 [B, G]."""
        if self.ranker is None:
            return {SCORE: found.scores}
        outputs = self.ranker.predict(
            query,
            self.catalogue.encoded(found.positions),
            self.catalogue.statistics(found.positions),
            of_list(found.scores, found.valid),
        )
        return {n: tf.reshape(one, tf.shape(found.positions)) for n, one in outputs.items()}

    def _chosen(self, scores: Any, found: Candidates, diversity: Any, places: Any) -> Any:
        """Indices of the first places among the candidates, int32 [B, K]."""

        def by_score() -> Any:
            return tf.math.top_k(tf.where(found.valid, scores, -float("inf")), places)[1]

        def by_difference() -> Any:
            # The last number of an embedding is the item's prior, which says how popular it is.
            vectors = self.catalogue.embeddings(found.positions)[..., :-1]
            return diversified(scores, found.valid, vectors, diversity, places)

        return tf.cond(tf.reduce_any(diversity > 0), by_difference, by_score)
