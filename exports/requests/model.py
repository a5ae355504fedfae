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
        diversity = {DIVERSITY: tf.TensorSpec([None], tf.float32)}
        signatures = {
            SIGNATURE: Signature(self.recommend, own | diversity),
            RETRIEVE: Signature(self.retrieve, own),
        }
        save_signatures(signatures, [self.encoder], folder)

    def _inputs(self) -> dict[str, Any]:
        names = list_inputs(self.catalogue.filters)
        lists = {name: tf.TensorSpec([None, None], tf.string) for name in names}
        asked = {K: tf.TensorSpec([None], tf.int32), **lists}
        # Named here so that no column of the source takes its name.
        merged(query_signature(self.encoder), asked, {DIVERSITY: None})
        return merged(query_signature(self.encoder), asked)

    def retrieve(self, raw: Tensors) -> dict[str, Any]:
        """`item_id` string [B, K], `retrieval_score` float32 [B, K] and `count` int32 [B].

        K is the largest `k` of the batch. `count` is the `k` of a request, or how many items may
        come back where these are fewer; the places after them hold "" and 0.
        """
        k = _checked(K, raw[K], 1, MAX_K)
        _, found = self._candidates(raw, tf.reduce_max(k))
        return self._answer(found, {RETRIEVAL_SCORE: found.scores}, k)

    def recommend(self, raw: Tensors) -> dict[str, Any]:
        """As `retrieve`, with `score` and the outputs of the tasks, float32 [B, K]."""
        k = _checked(K, raw[K], 1, MAX_K)
        diversity = _checked(DIVERSITY, raw[DIVERSITY], 0.0, 1.0)
        query, found = self._candidates(raw, tf.maximum(tf.reduce_max(k), self.candidates))
        outputs = self._outputs(query, found)
        places = tf.minimum(tf.reduce_max(k), tf.shape(found.positions)[1])
        chosen = self._chosen(outputs[SCORE], found, diversity, places)
        listed = {name: tf.gather(one, chosen, batch_dims=1) for name, one in outputs.items()}
        taken = Candidates(*(tf.gather(one, chosen, batch_dims=1) for one in found))
        return self._answer(taken, listed | {RETRIEVAL_SCORE: taken.scores}, k)

    def _candidates(self, raw: Tensors, number: Any) -> tuple[dict[str, Any], "Candidates"]:
        """The encoded request, and the best items that may come back."""
        query = encode_query(self.encoder, raw)
        scores = self.catalogue.scores(self.retriever.embed_query(query))
        scores = self._permitted(scores, raw)
        number = tf.minimum(number, len(self.catalogue))
        best, positions = tf.math.top_k(scores, number)
        valid = tf.math.is_finite(best)
        return query, Candidates(positions, tf.where(valid, best, 0.0), valid)

    def _permitted(self, scores: Any, raw: Tensors) -> Any:
        """Scores [B, N] with -inf for what may not come back."""
        excluded = raw[EXCLUDE]
        if self.exclude_seen and HISTORY in raw:
            excluded = tf.concat([excluded, raw[HISTORY]], axis=1)
        wanted = {name: raw[f"{FILTER}{name}"] for name in self.catalogue.filters}
        return self.catalogue.within(self.catalogue.without(scores, excluded), raw[ONLY], wanted)

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

    def _chosen(self, scores: Any, found: "Candidates", diversity: Any, places: Any) -> Any:
        """Indices of the first places among the candidates, int32 [B, K]."""
        # The last number of an embedding is the item's prior, which says how popular it is.
        vectors = self.catalogue.embeddings(found.positions)[..., :-1]

        def by_score() -> Any:
            return tf.math.top_k(tf.where(found.valid, scores, -float("inf")), places)[1]

        def by_difference() -> Any:
            return diversified(scores, found.valid, vectors, diversity, places)

        return tf.cond(tf.reduce_any(diversity > 0), by_difference, by_score)

    def _answer(self, found: "Candidates", listed: Tensors, k: Any) -> dict[str, Any]:
        ids = tf.gather(self.catalogue.names.texts, found.positions)
        valid = found.valid & (tf.range(tf.shape(ids)[1]) < k[:, tf.newaxis])
        numbers = {name: tf.where(valid, one, 0.0) for name, one in listed.items()}
        count = tf.reduce_sum(tf.cast(valid, tf.int32), axis=1)
        return {ITEM_ID: tf.where(valid, ids, ""), COUNT: count, **numbers}


def _checked(name: str, values: Any, lowest: float, highest: float) -> Any:
    inside = tf.reduce_all((values >= lowest) & (values <= highest))
    message = f"`{name}` must be from {lowest} to {highest} for every request, got"
    with tf.control_dependencies([tf.debugging.Assert(inside, [message, values])]):
        return tf.identity(values)


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
