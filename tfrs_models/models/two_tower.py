"""The two-tower retrieval model.

Legend: B histories, Q queries, T targets, N distinct candidates, C distinct negatives, D width of
the direction, H interests, L history length.
"""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple, cast

from configs import plugins
from configs.errors import ConfigError
from configs.retrieval import RetrievalConfig
from tfrs_models.backend import tf
from tfrs_models.features.history import GAP, HISTORY, TYPE
from tfrs_models.features.spec import FeatureSpec, FittedFeature
from tfrs_models.layers.dropout import replace_ids
from tfrs_models.layers.embedding import Embedding
from tfrs_models.layers.history._encoder import HistoryEncoder
from tfrs_models.layers.history._history import History, HistoryShape
from tfrs_models.layers.tower import tower
from tfrs_models.losses._scores import Scores
from tfrs_models.models.base import Model

PRIOR_SCALE = 10.0
"""The prior of an item is this times its weight: the optimizer's steps are of one size, and a logit
has further to go than a coordinate of a direction."""


class Queries(NamedTuple):
    """The queries of a batch.

    Attributes:
        embeddings: float32 [Q, D + 1].
        owner: int32 [T], the query of each target.
        window: int32 [Q], the history that each query belongs to.
    """

    embeddings: Any
    owner: Any
    window: Any


class TwoTower(Model):
    """Cosine of a query (user, context, history) and a candidate (id, content), plus a prior.

    candidate = [unit(e_id + content), temperature * prior]
    query     = [unit(e_0 + history(e_id) + e_user + features), 1]

    so that their inner product divided by the temperature is cosine / temperature + prior. The
    history reads the candidates' id table: an item that was liked and an item that is recommended
    share one embedding, and a user without history and id is e_0, the average taste.
    """

    def __init__(self, spec: FeatureSpec, config: RetrievalConfig, seed: int) -> None:
        super().__init__(name="two_tower")
        _check(spec)
        self.config = config
        dim, policy = config.embedding_dim, keras_policy(config.training.precision)
        self.item_ids = Embedding(spec.num_item_ids, dim, dim**-0.5, seed, "item_id")
        self.item_priors = Embedding(spec.num_item_ids, 1, 0.0, seed, "item_prior")
        content = [f for f in spec.select("retrieval", "item") if f.name != "item_id"]
        self.content = tower(
            content, config.candidate_hidden_units, dim + 1, seed + 100, "content", policy
        )
        self.user_ids = self._user_table(spec, seed + 1)
        features = _query_features(spec)
        self.query_features = tower(
            features, config.query_hidden_units, dim, seed + 200, "query_features", policy
        )
        self.has_context = any(f.table == "context" for f in features)
        # Not zeros: a query without history and id is this vector, and zeros have no direction.
        self.average = self.add_weight(
            "average_query", (dim,), initializer=_normal(0.1 * dim**-0.5, seed + 2)
        )
        self.log_temperature = self.add_weight(
            "log_temperature",
            (),
            initializer=tf.keras.initializers.Constant(math.log(config.temperature)),
            trainable=config.learned_temperature,
        )
        self.history_encoder = self._history_encoder(spec, policy, seed + 400)
        self._loss = plugins.load("loss", config.loss.type)
        self._loss_options = plugins.parse_options("loss", config.loss.type, config.loss.options)

    def _user_table(self, spec: FeatureSpec, seed: int) -> Embedding | None:
        ids = [f for f in spec.select("retrieval", "user") if f.name == "user_id"]
        if not ids:
            return None
        return Embedding(ids[0].output.num_ids, self.config.embedding_dim, 0.01, seed, "user_id")

    def _history_encoder(self, spec: FeatureSpec, policy: str, seed: int) -> HistoryEncoder | None:
        if not spec.history.length:
            return None
        chosen, history = self.config.history, spec.history
        options = plugins.parse_options("history", chosen.type, chosen.options)
        shape = HistoryShape(
            history.length, self.config.embedding_dim, history.num_types, history.num_gaps, policy
        )
        return cast(
            HistoryEncoder, plugins.load("history", chosen.type).encoder(options, shape, seed)
        )

    @property
    def causal(self) -> bool:
        """Whether training learns from every place of a history at once."""
        return self.history_encoder is not None and self.history_encoder.causal

    @property
    def interests(self) -> int:
        """H, query embeddings of one request."""
        return 1 if self.history_encoder is None else self.history_encoder.interests

    @property
    def temperature(self) -> Any:
        """The present temperature: float32 scalar."""
        return tf.exp(self.log_temperature)

    def embed_candidate(self, encoded: Mapping[str, Any]) -> Any:
        """Encoded item features -> float32 [B, D + 1]: a unit direction and a prior."""
        ids = encoded["item_id"][:, 0]
        direction, prior = self.item_ids(ids), self.item_priors(ids)
        if self.content is not None:
            content = self.content(encoded)
            direction += content[:, :-1]
            prior += content[:, -1:]
        unit = tf.math.l2_normalize(direction, axis=-1)
        return tf.concat([unit, self.temperature * PRIOR_SCALE * prior], axis=-1)

    def embed_query(self, encoded: Mapping[str, Any]) -> Any:
        """Encoded user and context features and the history -> float32 [B, D + 1].

        [B, H, D + 1] with several interests. A spec with a history length of 0 needs no `history`.
        """
        states = None
        if self.history_encoder is not None:
            states = self.history_encoder(self._history(encoded))
        embeddings = self._combine(states, encoded)
        return embeddings if self.interests > 1 else embeddings[:, 0]

    def build_from(self, encoded: Mapping[str, Any]) -> None:
        """Create every variable, from one row of every encoded feature."""
        self.embed_query(encoded)
        self.embed_candidate(encoded)

    def compute_loss(self, inputs: Mapping[str, Any], training: bool = False) -> Any:
        """The loss of one batch.

        Args:
            inputs: see `trainers.retrieval_batches`: `query` (encoded user features and history, B
                rows), `context` (encoded context features, T rows), `candidates` (encoded item
                features, N rows), `positive` int32 [T] and `negative` int32 [C] (places in
                `candidates`), `window` int32 [T] (the history of each target), `visible` int32 [T]
                (items of it that came before the target), `weight` float32 [T], `usable` bool
                [B, C], `count`, `log_expected` float32 [C], `positive_log_expected` float32 [T],
                `num_items` and `seed` int32 [2].
            training: replace a share of the ids, and drop units.

        Returns:
            float32 scalar.
        """
        seed = inputs["seed"] if training else None
        query, encoded = inputs["query"], inputs["candidates"]
        if training:
            query, encoded = self._drop_ids(inputs)
        candidates = self.embed_candidate(encoded)
        positive = tf.gather(candidates, inputs["positive"])
        queries = self._queries(inputs, query, positive, seed)
        own = tf.gather(queries.embeddings, queries.owner)
        negative = tf.gather(candidates, inputs["negative"])
        scores = Scores(
            positive=tf.reduce_sum(own * positive, axis=-1),
            owner=queries.owner,
            negative=tf.matmul(queries.embeddings, negative, transpose_b=True),
            usable=tf.gather(inputs["usable"], queries.window),
            count=inputs["count"],
            log_expected=inputs["log_expected"],
            positive_log_expected=inputs["positive_log_expected"],
            weight=inputs["weight"],
            temperature=self.temperature,
            num_items=inputs["num_items"],
            seed=inputs["seed"],
        )
        return self._loss.loss(self._loss_options, scores)

    def examples_in(self, inputs: Mapping[str, Any]) -> Any:
        """Targets of a batch: int32 scalar."""
        return tf.size(inputs["weight"])

    def _queries(
        self, inputs: Mapping[str, Any], query: Mapping[str, Any], positive: Any, seed: Any
    ) -> Queries:
        """As few queries as the targets need: one a history, or one a target where they differ."""
        window = inputs["window"]
        states = self._states(query, window, inputs["visible"], seed)
        if not (self.causal or self.has_context):
            embeddings = self._combine(states, query)
            every = tf.range(tf.shape(embeddings)[0])
            return self._flattened(embeddings, window, every, positive)
        rows = {name: tf.gather(column, window) for name, column in query.items()}
        if states is not None and not self.causal:
            states = tf.gather(states, window)
        embeddings = self._combine(states, rows | inputs["context"])
        return self._flattened(embeddings, tf.range(tf.size(window)), window, positive)

    def _states(self, query: Mapping[str, Any], window: Any, visible: Any, seed: Any) -> Any | None:
        """What the histories say: [B, H, D], of a causal encoder [T, 1, D]; None without any."""
        if self.history_encoder is None:
            return None
        history = self._history(query)
        if not self.causal:
            return self.history_encoder(history, seed)
        prefixes = self.history_encoder.prefixes(history, seed)
        return tf.gather_nd(prefixes, tf.stack([window, visible], axis=1))[:, tf.newaxis]

    def _combine(self, states: Any | None, encoded: Mapping[str, Any]) -> Any:
        """Query embeddings of R rows from their states [R, H, D]: float32 [R, H, D + 1]."""
        common = self.average[tf.newaxis]
        if self.user_ids is not None:
            common += self.user_ids(encoded["user_id"][:, 0])
        if self.query_features is not None:
            common += self.query_features(encoded)
        total = common[:, tf.newaxis] if states is None else common[:, tf.newaxis] + states
        unit = tf.math.l2_normalize(total, axis=-1)
        return tf.concat([unit, tf.ones_like(unit[..., :1])], axis=-1)

    def _flattened(self, embeddings: Any, row: Any, window: Any, positive: Any) -> Queries:
        """Queries [R, H, D + 1] as [R H, D + 1]; a target is owned by its nearest interest."""
        flat = tf.reshape(embeddings, [-1, embeddings.shape[-1]])
        if self.interests == 1:
            return Queries(flat, row, window)
        near = tf.einsum("thd,td->th", tf.gather(embeddings, row), positive)
        owner = row * self.interests + tf.argmax(near, axis=1, output_type=tf.int32)
        return Queries(flat, owner, tf.repeat(window, self.interests))

    def _history(self, encoded: Mapping[str, Any]) -> History:
        ids, types, gaps = (encoded.get(name) for name in (HISTORY, TYPE, GAP))
        return History(self.item_ids, ids, types, gaps)

    def _drop_ids(self, inputs: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Query and candidate features with a share of their ids replaced."""
        config, seed = self.config, inputs["seed"]
        query, candidates = dict(inputs["query"]), dict(inputs["candidates"])
        if self.history_encoder is not None:
            query[HISTORY] = replace_ids(query[HISTORY], config.history_dropout, 0, seed + 16)
        if self.user_ids is not None:
            query["user_id"] = replace_ids(query["user_id"], config.user_dropout, 1, seed + 17)
        share = config.item_dropout if self.content is not None else 0.0
        candidates["item_id"] = replace_ids(candidates["item_id"], share, 1, seed + 18)
        return query, candidates


def keras_policy(precision: str) -> str:
    """Keras' name of a number format inside layers, with float32 weights."""
    return "float32" if precision == "float32" else f"mixed_{precision}"


def _check(spec: FeatureSpec) -> None:
    if "item_id" not in {f.name for f in spec.select("retrieval", "item")}:
        raise ConfigError(
            "the feature `item_id` must be seen by the stage `retrieval`, whose histories and "
            "candidates are items: leave its `stages` out"
        )
    query = (*spec.select("retrieval", "user"), *spec.select("retrieval", "context"))
    if not query and not spec.history.length:
        raise ConfigError(
            "the stage `retrieval` knows nothing of a query: set `features.history.max_length` "
            "above 0, or let it see a feature of `features.user` or `features.context`"
        )


def _query_features(spec: FeatureSpec) -> list[FittedFeature]:
    features = (*spec.select("retrieval", "user"), *spec.select("retrieval", "context"))
    return [f for f in features if f.name != "user_id"]


def _normal(stddev: float, seed: int) -> Any:
    return tf.keras.initializers.RandomNormal(stddev=stddev, seed=seed)
