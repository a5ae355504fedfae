"""The two-tower retrieval model.

Legend: B examples, C negatives, D embedding, L history length.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from numpy.typing import NDArray

from configs import plugins
from configs.errors import ConfigError
from configs.retrieval import RetrievalConfig
from tfrs_models.backend import tf
from tfrs_models.features.spec import FeatureSpec, FittedFeature
from tfrs_models.layers.dropout import replace_ids
from tfrs_models.layers.embedding import Embedding, FeatureEmbeddings
from tfrs_models.layers.history import HistoryTower
from tfrs_models.losses._softmax import Sampler
from tfrs_models.models.base import Model

_MASKED = -1e9


class TwoTower(Model):
    """Cosine of a query (user, context, history) and a candidate (id, content).

    candidate = unit(e_id + content)      query = unit(e_0 + W history(e_id) + e_user + features)

    The history reads the candidates' id table, so an item that was liked and an item that is
    recommended share one embedding; a user without history and id is e_0, the average taste.
    """

    def __init__(self, spec: FeatureSpec, config: RetrievalConfig, seed: int) -> None:
        super().__init__(name="two_tower")
        _check(spec)
        self.config = config
        dim = config.embedding_dim
        self.item_ids = Embedding(spec.num_item_ids, dim, dim**-0.5, seed, "item_id")
        content = [f for f in spec.select("retrieval", "item") if f.name != "item_id"]
        self.content = _tower(content, config.candidate_hidden_units, dim, seed + 100, "content")
        self.user_ids = self._user_table(spec, seed + 1)
        self.query_features = _tower(
            _query_features(spec), config.query_hidden_units, dim, seed + 200, "query_features"
        )
        # Not zeros: a query without history and id is this vector, and zeros have no direction.
        self.average = self.add_weight(
            "average_query", (dim,), initializer=_normal(0.1 * dim**-0.5, seed + 2)
        )
        self.history_tower = None  # Keras owns the name `history`
        if spec.history_length:
            self.history_tower = HistoryTower(
                spec.history_length, dim, learned=config.history_pooling == "recency"
            )
        self._loss = plugins.load("loss", config.loss.type)
        self._loss_options = plugins.parse_options("loss", config.loss.type, config.loss.options)

    def _user_table(self, spec: FeatureSpec, seed: int) -> Embedding | None:
        ids = [f for f in spec.select("retrieval", "user") if f.name == "user_id"]
        if not ids:
            return None
        return Embedding(ids[0].output.num_ids, self.config.embedding_dim, 0.01, seed, "user_id")

    def embed_candidate(self, encoded: Mapping[str, Any]) -> Any:
        """Encoded item features -> unit float32 [B, D]."""
        embedding = self.item_ids(encoded["item_id"][:, 0])
        if self.content is not None:
            embedding += self.content(encoded)
        return tf.math.l2_normalize(embedding, axis=-1)

    def embed_query(self, encoded: Mapping[str, Any]) -> Any:
        """Encoded user and context features and `history` int32 [B, L] -> unit float32 [B, D].

        A spec with a history length of 0 needs no `history`.
        """
        embedding = tf.identity(self.average)
        if self.history_tower is not None:
            ids = encoded["history"]
            embedding += self.history_tower(self.item_ids(ids), ids)
        if self.user_ids is not None:
            embedding += self.user_ids(encoded["user_id"][:, 0])
        if self.query_features is not None:
            embedding += self.query_features(encoded)
        return tf.math.l2_normalize(embedding, axis=-1)

    def build_from(self, encoded: Mapping[str, Any]) -> None:
        """Create every variable, from one row of every encoded feature."""
        self.embed_query(encoded)
        self.embed_candidate(encoded)

    def negatives(self, counts: NDArray[Any]) -> Sampler:
        """A sampler of the negatives that the loss asks for.

        Args:
            counts: int64 [V], positive training events of each known item row.
        """
        return cast(Sampler, self._loss.negatives(self._loss_options, counts))

    def compute_loss(self, inputs: Mapping[str, Any], training: bool = False) -> Any:
        """The loss of one batch.

        Args:
            inputs: `query` and `positive` (encoded features, B rows), `negative` (C rows),
                `positive_rows` int32 [B], `negative_rows` int32 [C], `correction` float32 [C],
                `weight` float32 [B] and `seed` int32 [2].
            training: replace a share of the ids.

        Returns:
            float32 scalar.
        """
        if training:
            inputs = self._drop_ids(inputs)
        query = self.embed_query(inputs["query"])
        positive = self.embed_candidate(inputs["positive"])
        negative = self.embed_candidate(inputs["negative"])
        scale = 1.0 / self.config.temperature
        logits = tf.matmul(query, negative, transpose_b=True) * scale - inputs["correction"]
        hits = inputs["positive_rows"][:, tf.newaxis] == inputs["negative_rows"]
        return self._loss.loss(
            self._loss_options,
            tf.reduce_sum(query * positive, axis=-1) * scale,
            tf.where(hits, _MASKED, logits),
            inputs["weight"],
        )

    def _drop_ids(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        config, seed = self.config, inputs["seed"]
        query = dict(inputs["query"])
        if self.history_tower is not None:
            query["history"] = replace_ids(query["history"], config.history_dropout, 0, seed + 1)
        if self.user_ids is not None:
            query["user_id"] = replace_ids(query["user_id"], config.user_dropout, 1, seed + 2)
        share = config.item_dropout if self.content is not None else 0.0
        sides = {
            side: dict(inputs[side])
            | {"item_id": replace_ids(inputs[side]["item_id"], share, 1, seed + offset)}
            for side, offset in (("positive", 3), ("negative", 4))
        }
        return {**inputs, "query": query, **sides}


def _check(spec: FeatureSpec) -> None:
    if "item_id" not in {f.name for f in spec.select("retrieval", "item")}:
        raise ConfigError(
            "the feature `item_id` must be seen by the stage `retrieval`, whose histories and "
            "candidates are items: leave its `stages` out"
        )
    query = (*spec.select("retrieval", "user"), *spec.select("retrieval", "context"))
    if not query and not spec.history_length:
        raise ConfigError(
            "the stage `retrieval` knows nothing of a query: set `features.history.max_length` "
            "above 0, or let it see a feature of `features.user` or `features.context`"
        )


def _query_features(spec: FeatureSpec) -> list[FittedFeature]:
    features = (*spec.select("retrieval", "user"), *spec.select("retrieval", "context"))
    return [f for f in features if f.name != "user_id"]


def _tower(
    features: Sequence[FittedFeature], hidden_units: Sequence[int], dim: int, seed: int, name: str
) -> Any | None:
    """Embeddings, hidden layers and a linear map to [B, D]; None without features."""
    if not features:
        return None
    hidden = [
        tf.keras.layers.Dense(units, "relu", kernel_initializer=_glorot(seed + i))
        for i, units in enumerate(hidden_units)
    ]
    last = tf.keras.layers.Dense(dim, use_bias=False, kernel_initializer=_glorot(seed + 50))
    return cast(
        Any,
        tf.keras.Sequential([FeatureEmbeddings(features, seed, name), *hidden, last], name=name),
    )


def _normal(stddev: float, seed: int) -> Any:
    return tf.keras.initializers.RandomNormal(stddev=stddev, seed=seed)


def _glorot(seed: int) -> Any:
    return tf.keras.initializers.GlorotUniform(seed=seed)
