"""From encoded requests and items to what the ranking model reads: the same in training and export.

Legend: Q requests, G candidates of each, M ids of a feature, W pair features.
"""

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from tfrs_models.backend import tf
from tfrs_models.features.encoder import FeatureEncoder
from tfrs_models.features.pairs import PAIRS, PairFeatures


class RankingEncoder(tf.Module):  # type: ignore[misc]  # TensorFlow has no types
    """Adds pair features and crosses to the encoded features.

    Args:
        encoder: the features of raw rows.
        items: encoded item features by name, of at least the items with an id.
    """

    def __init__(self, encoder: FeatureEncoder, items: Mapping[str, NDArray[Any]]) -> None:
        super().__init__(name="ranking_encoder")
        self.encoder = encoder
        self.pairs = PairFeatures(encoder.spec, items)
        spec = encoder.spec
        crossed = {part for cross in spec.crosses for part in cross.of}
        wanted = {"item_id", *crossed, *(f.name for f in spec.select("ranking", "item"))}
        self.item_names = tuple(f.name for f in spec.table("item") if f.name in wanted)
        """Item features that the model reads of a candidate."""

    def candidates(
        self, query: Mapping[str, Any], items: Mapping[str, Any], pairs: Any
    ) -> dict[str, Any]:
        """The inputs of `WideDeep.logits` for all pairs, one request after the other.

        Args:
            query: encoded user, context and history, [Q, ...] by name.
            items: encoded item features, [Q, G, M] by name.
            pairs: float32 [Q, G, W], what `pairs` gives for them.

        Returns:
            tensors of Q G rows, by name.
        """
        columns = {**items, PAIRS: pairs}
        flat = {name: tf.reshape(one, [-1, one.shape[-1]]) for name, one in columns.items()}
        return flat | self._crosses(query, flat, tf.shape(pairs)[1])

    def _crosses(
        self, query: Mapping[str, Any], flat: Mapping[str, Any], each: Any
    ) -> dict[str, Any]:
        parts = {part for cross in self.encoder.spec.crosses for part in cross.of}
        of_query = {n: tf.repeat(query[n], each, axis=0) for n in sorted(parts) if n in query}
        return self.encoder.encode_crosses({**of_query, **flat})
