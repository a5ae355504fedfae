"""The SavedModel at the root of a bundle: whole requests, in stock TensorFlow operations alone.

- `serving_default`: a request -> ids, scores and the outputs of the ranking tasks, best first
- `retrieve`: the same without ranking: the nearest candidates

Every item is scored, so exclusions and filters leave as many items as there are.

Legend: B requests, N items, E excluded ids, A ids of an allow-list, F values of a filter, G
candidates of a request, K items that come back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from configs.formula import SCORE
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
from tfrs_models.features.history import HISTORY
from tfrs_models.features.pairs import of_list

RETRIEVE = "retrieve"
K, EXCLUDE, ONLY, DIVERSITY = "k", "exclude", "only", "diversity"
ITEM_ID, COUNT = "item_id", "count"
MAX_K = 500
FILTER = "only_"
"""Before the name of a column, the name of the input that filters by it."""


def list_inputs(filters: Iterable[str]) -> tuple[str, ...]:
    """Inputs that are lists of texts, string [B, any], beside those of the query model."""
    return (EXCLUDE, ONLY, *(f"{FILTER}{name}" for name in filters))


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
        own = self._inputs()
        diversity = {DIVERSITY: tf.TensorSpec([], tf.float32)}
        signatures = {
            SIGNATURE: Signature(self.recommend, own | diversity),
            RETRIEVE: Signature(self.retrieve, own),
        }
        save_signatures(signatures, [self.encoder], folder)

    def _inputs(self) -> dict[str, Any]:
        names = list_inputs(self.catalogue.filters)
        lists = {name: tf.TensorSpec([None, None], tf.string) for name in names}
        asked = {K: tf.TensorSpec([], tf.int32), **lists}
        # Named here so that no column of the source takes its name.
        merged(query_signature(self.encoder), asked, {DIVERSITY: None})
        return merged(query_signature(self.encoder), asked)

    def retrieve(self, raw: Tensors) -> dict[str, Any]:
        """`item_id` string [B, K], `retrieval_score` float32 [B, K] and `count` int32 [B].

        Where fewer than `k` items may come back, `count` says how many: the places after them hold
        "" and 0.
        """
        k = self._checked_k(raw)
        _, found = self._candidates(raw, k)
        return self._answer(found, {RETRIEVAL_SCORE: found.scores})

    def recommend(self, raw: Tensors) -> dict[str, Any]:
        """As `retrieve`, with `score` and the outputs of the tasks, float32 [B, K]."""
        k = self._checked_k(raw)
        query, found = self._candidates(raw, tf.maximum(k, self.candidates))
        outputs = self._outputs(query, found)
        k = tf.minimum(k, tf.shape(found.positions)[1])
        chosen = self._chosen(outputs[SCORE], found, raw[DIVERSITY], k)
        listed = {name: tf.gather(one, chosen, batch_dims=1) for name, one in outputs.items()}
        taken = Candidates(*(tf.gather(one, chosen, batch_dims=1) for one in found))
        return self._answer(taken, listed | {RETRIEVAL_SCORE: taken.scores})

    def _checked_k(self, raw: Tensors) -> Any:
        k = raw[K]
        inside = (k >= 1) & (k <= MAX_K)
        with tf.control_dependencies(
            [tf.debugging.Assert(inside, [f"`{K}` must be from 1 to {MAX_K}, got", k])]
        ):
            return tf.identity(k)

    def _candidates(self, raw: Tensors, number: Any) -> tuple[dict[str, Any], "Candidates"]:
        """The encoded request, and the best items that may come back."""
        query = encode_query(self.encoder, raw)
        scores = self.catalogue.scores(self.retriever.embed_query(query))
        allowed = self._allowed(raw)
        number = tf.minimum(number, len(self.catalogue))
        best, positions = tf.math.top_k(tf.where(allowed, scores, -float("inf")), number)
        valid = tf.math.is_finite(best)
        return query, Candidates(positions, tf.where(valid, best, 0.0), valid)

    def _allowed(self, raw: Tensors) -> Any:
        excluded = raw[EXCLUDE]
        if self.exclude_seen and HISTORY in raw:
            excluded = tf.concat([excluded, raw[HISTORY]], axis=1)
        wanted = {name: raw[f"{FILTER}{name}"] for name in self.catalogue.filters}
        return self.catalogue.allowed(excluded, raw[ONLY], wanted)

    def _outputs(self, query: Mapping[str, Any], found: "Candidates") -> dict[str, Any]:
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

    def _chosen(self, scores: Any, found: "Candidates", diversity: Any, k: Any) -> Any:
        """Places among the candidates, int32 [B, K]."""
        # The last number of an embedding is the item's prior, which says how popular it is.
        vectors = self.catalogue.embeddings(found.positions)[..., :-1]

        def by_score() -> Any:
            return tf.math.top_k(tf.where(found.valid, scores, -float("inf")), k)[1]

        def by_difference() -> Any:
            return diversified(scores, found.valid, vectors, diversity, k)

        return tf.cond(diversity > 0, by_difference, by_score)

    def _answer(self, found: "Candidates", listed: Tensors) -> dict[str, Any]:
        ids = tf.where(found.valid, tf.gather(self.catalogue.names.texts, found.positions), "")
        numbers = {name: tf.where(found.valid, one, 0.0) for name, one in listed.items()}
        count = tf.reduce_sum(tf.cast(found.valid, tf.int32), axis=1)
        return {ITEM_ID: ids, COUNT: count, **numbers}


class Candidates(NamedTuple):
    """The retrieved list of each request.

    Attributes:
        positions: int32 [B, G], of items.
        scores: float32 [B, G], falling; 0 where a place is not valid.
        valid: bool [B, G], whether the place holds an item.
    """

    positions: Any
    scores: Any
    valid: Any
