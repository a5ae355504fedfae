"""The Wide & Deep ranking model (Cheng et al. 2016).

Legend: B pairs of a query and a candidate, D embedding, L history length.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from configs.ranking import RankingConfig
from tfrs_models.backend import tf
from tfrs_models.features.spec import FeatureSpec
from tfrs_models.layers.dropout import drop_units
from tfrs_models.layers.embedding import Embedding, FeatureEmbeddings, masked_mean
from tfrs_models.models.base import Model

_INITIAL_SCALE = 8.0
_MASKED = -1e9
_WIDE = "wide"


def is_wide(variable: Any) -> bool:
    """Whether a variable belongs to the wide part of a `WideDeep`."""
    return str(variable.name).startswith(f"{_WIDE}/")


class WideDeep(Model):
    """Scores a candidate of a request from the pair's features and its retrieval score.

    logit = scale * retrieval score + wide(ids, crosses, dense) + deep(embeddings)

    Wide and deep start at exactly 0, so an untrained model ranks as the retrieval does, and
    training can only be judged by what it adds.
    """

    def __init__(self, spec: FeatureSpec, config: RankingConfig, seed: int) -> None:
        super().__init__(name="wide_deep")
        self.config = config
        self.scale = self.add_weight("scale", (), initializer=_constant(_INITIAL_SCALE))
        self.wide = Wide(spec)
        self.deep = Deep(spec, config, seed)

    def build_from(self, encoded: Mapping[str, Any]) -> None:
        """Create every variable, from one row of every encoded feature."""
        self.logits(encoded)

    def logits(self, encoded: Mapping[str, Any], seed: Any | None = None) -> Any:
        """Logits float32 [B]; a seed int32 [2] turns dropout on."""
        score = self.scale * encoded["retrieval_score"][:, 0]
        return score + self.wide(encoded) + self.deep(encoded, seed)

    def score(self, encoded: Mapping[str, Any]) -> Any:
        """Scores float32 [B] in (0, 1), comparable within one request; they are not calibrated.

        Args:
            encoded: user, item and context features, crosses, `history` int32 [B, L] and
                `retrieval_score` float32 [B, 1]; no `history` when its length is 0.
        """
        return tf.math.sigmoid(self.logits(encoded))

    def compute_loss(self, inputs: Mapping[str, Any], training: bool = False) -> Any:
        """Mean over the positives of -log softmax among the candidates of the same request.

        A list is what the user chose from, so only differences within it count; the pointwise
        cross entropy spends the model on telling users apart, which cannot change an order.

        Args:
            inputs: `encoded` (see `score`) of P x G pairs, one list after the other, the positive
                first; `usable` float32 [P, G], 0 where a negative must not count; `seed` int32 [2].
            training: drop units.

        Returns:
            float32 scalar.
        """
        logits = self.logits(inputs["encoded"], inputs["seed"] if training else None)
        usable = inputs["usable"]
        lists = tf.where(usable > 0, tf.reshape(logits, tf.shape(usable)), _MASKED)
        return tf.reduce_mean(tf.reduce_logsumexp(lists, axis=1) - lists[:, 0])

    def examples_in(self, inputs: Mapping[str, Any]) -> Any:
        """Lists of a batch: int32 scalar."""
        return tf.shape(inputs["usable"])[0]


class Wide(tf.keras.layers.Layer):
    """A weight for each id of each feature and cross, and one for each dense value."""

    def __init__(self, spec: FeatureSpec) -> None:
        super().__init__(name=_WIDE)
        features = [f for f in spec.features if "ranking" in f.stages]
        ids = [f for f in features if f.output.kind == "ids"]
        self.dense_names = [f.name for f in features if f.output.kind == "dense"]
        sizes = {f.name: f.output.num_ids for f in ids}
        sizes |= {cross.name: cross.output.num_ids for cross in spec.crosses}
        self.weights_of = {
            name: Embedding(size, 1, 0.0, 0, f"{_WIDE}/{name}") for name, size in sizes.items()
        }
        self.linear = tf.keras.layers.Dense(
            1, use_bias=False, kernel_initializer="zeros", name="linear"
        )

    def call(self, encoded: Mapping[str, Any]) -> Any:
        """The wide part's share of the logits: float32 [B]."""
        terms = [
            masked_mean(weights(encoded[name]), encoded[name])
            for name, weights in self.weights_of.items()
        ]
        dense = [encoded[name] for name in self.dense_names]
        constant = tf.ones_like(encoded["retrieval_score"])
        linear = self.linear(tf.concat([constant, *dense], axis=-1))
        return tf.add_n([linear, *terms])[:, 0]


class Deep(tf.keras.layers.Layer):
    """An MLP over embeddings of all features, the history, and history times candidate."""

    def __init__(self, spec: FeatureSpec, config: RankingConfig, seed: int) -> None:
        super().__init__(name="deep")
        features = [f for f in spec.features if "ranking" in f.stages]
        self.features = FeatureEmbeddings(features, seed, "deep_features", config.embedding_dim)
        self.history = None
        if spec.history.length:
            self.history = Embedding(
                spec.num_item_ids, config.embedding_dim, 0.05, seed + 100, "taken"
            )
        self.dropout = config.dropout
        self.hidden = _hidden(config.hidden_units, seed + 200)
        self.last = tf.keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")

    def call(self, encoded: Mapping[str, Any], seed: Any | None) -> Any:
        """The deep part's share of the logits: float32 [B]."""
        parts = [self.features(encoded), encoded["retrieval_score"]]
        if self.history is not None:
            taste = masked_mean(self.history(encoded["history"]), encoded["history"])
            parts += [taste, taste * self.history(encoded["item_id"][:, 0])]
        values = tf.concat(parts, axis=-1)
        if seed is not None:
            values = drop_units(values, self.dropout, seed)
        for layer in self.hidden:
            values = layer(values)
        return self.last(values)[:, 0]


def _hidden(units: Sequence[int], seed: int) -> list[Any]:
    return [
        tf.keras.layers.Dense(
            width, "relu", kernel_initializer=tf.keras.initializers.HeUniform(seed=seed + i)
        )
        for i, width in enumerate(units)
    ]


def _constant(value: float) -> Any:
    return tf.keras.initializers.Constant(value)
