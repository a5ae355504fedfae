"""The Wide & Deep ranking model (Cheng et al. 2016), with any number of tasks.

Legend: Q requests, B pairs of a request and a candidate (B is a multiple of Q, the pairs of one
request side by side), T tasks, W pair features, D embedding, L history length, M ids of a feature.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

from configs.plugins import load, parse_options
from configs.ranking import RankingConfig
from configs.tasks import TaskConfig
from tfrs_models.backend import tf
from tfrs_models.features.history import HISTORY
from tfrs_models.features.pairs import PAIRS
from tfrs_models.features.spec import FeatureSpec, FittedCross, FittedFeature
from tfrs_models.layers.advantage import Advantage
from tfrs_models.layers.deep_inputs import DeepInputs
from tfrs_models.layers.dropout import drop_units
from tfrs_models.layers.embedding import Embedding, masked_mean
from tfrs_models.layers.mlp import Mlp
from tfrs_models.layers.wide_terms import WideTerms
from tfrs_models.models.base import Model
from tfrs_models.objectives._pairs import Pairs, objective

POSITION = "position"
"""Name of the place at which a candidate was shown, from 0; -1 where it was not."""

_WIDE = "wide"
_LARGEST = 4.0  # standard deviations: what is further away says no more


def is_wide(variable: Any) -> bool:
    """Whether a variable belongs to the wide part of a `WideDeep`."""
    return str(variable.name).startswith(f"{_WIDE}/")


@dataclass(frozen=True)
class RankingInputs:
    """What a `WideDeep` reads.

    Attributes:
        query: features of users and contexts, encoded once for a request.
        candidate: features of items.
        crosses: combinations, encoded for each pair.
        num_history_ids: ids of a history's items; 0 without a history.
        pairs: W; 0 without pair features.
    """

    query: tuple[FittedFeature, ...]
    candidate: tuple[FittedFeature, ...]
    crosses: tuple[FittedCross, ...]
    num_history_ids: int
    pairs: int

    @classmethod
    def of(cls, spec: FeatureSpec, pairs: int) -> Self:
        """The inputs of the ranking stage."""
        return cls(
            query=(*spec.select("ranking", "user"), *spec.select("ranking", "context")),
            candidate=spec.select("ranking", "item"),
            crosses=spec.crosses,
            num_history_ids=spec.num_item_ids if spec.history.length else 0,
            pairs=pairs,
        )


class WideDeep(Model):
    """Predicts tasks from the features of a request, of a candidate, and of both together.

    logit = offset + wide(ids, crosses, dense) + deep(embeddings, dense)
            + prior * retrieval score in standard deviations

    Wide and deep start at exactly 0 and the prior of a task that orders at 1, so an untrained model
    ranks as the retrieval does, and training can only be judged by what it adds.

    Args:
        inputs: what it reads.
        config: the ranking stage.
        seed: seed of the initial weights.
    """

    def __init__(self, inputs: RankingInputs, config: RankingConfig, seed: int) -> None:
        super().__init__(name="wide_deep")
        self.inputs = inputs
        self.tasks = dict(config.tasks)
        number = len(self.tasks)
        self.wide = Wide(inputs, number)
        self.deep = Deep(inputs, config, seed)
        self.scaling = self._constants("scaling", [[0.0, 1.0]] * number)
        if inputs.pairs:
            self.center = self._constants("center", [0.0] * inputs.pairs)
            self.spread = self._constants("spread", [1.0] * inputs.pairs)
            self.prior = self.add_weight(
                "prior", (number,), initializer=partial(_initial_prior, self.tasks)
            )
        self.advantage = None
        if config.positions:
            self.advantage = Advantage(config.positions, number)

    def _constants(self, name: str, values: Sequence[Any]) -> Any:
        """Numbers that are set before training and not learned."""
        initial = tf.constant_initializer(values)
        return self.add_weight(
            name, tf.constant(values).shape, initializer=initial, trainable=False
        )

    def build_from(self, query: Mapping[str, Any], candidates: Mapping[str, Any]) -> None:
        """Create every variable, from one row of every encoded feature."""
        self.logits(query, candidates)

    def logits(
        self, query: Mapping[str, Any], candidates: Mapping[str, Any], seed: Any | None = None
    ) -> dict[str, Any]:
        """Logits by task, float32 [B].

        Of a task that is `given` another one: the log odds that both come true.

        Args:
            query: encoded features of users and contexts and `history` int32 [Q, L].
            candidates: encoded features of items and crosses [B, M], `pairs` float32 [B, W] and,
                while training, `position` int32 [B].
            seed: int32 [2], turns dropout on.
        """
        pairs = self._standardised(candidates)
        inputs = {**candidates, PAIRS: pairs} if self.inputs.pairs else candidates
        total = self.wide(query, inputs) + self.deep(query, inputs, seed) + self.scaling[:, 0]
        if self.inputs.pairs:
            total += pairs[:, :1] * self.prior
        if self.advantage is not None and POSITION in candidates:
            total += self.advantage(candidates[POSITION])
        own = dict(zip(self.tasks, tf.unstack(total, axis=1), strict=True))
        return {
            name: own[name] if task.given is None else _both(own[name], own[task.given])
            for name, task in self.tasks.items()
        }

    def _standardised(self, candidates: Mapping[str, Any]) -> Any:
        if not self.inputs.pairs:
            return None
        values = (candidates[PAIRS] - self.center) / self.spread
        return tf.clip_by_value(values, -_LARGEST, _LARGEST)

    def compute_loss(self, inputs: Mapping[str, Any], training: bool = False) -> Any:
        """Weighted sum of the tasks' losses.

        Args:
            inputs: `query` and `candidates` (see `logits`) of P x G pairs, one list after the
                other; `labels` float32 [P, G, T]; `usable` bool [P, G], `stands_for` float32
                [P, G] and `positives` float32 [P] (see `Pairs`); `seed` int32 [2].
            training: drop units.

        Returns:
            float32 scalar.
        """
        seed = inputs["seed"] if training else None
        logits = self.logits(inputs["query"], inputs["candidates"], seed)
        shape = tf.shape(inputs["usable"])
        losses = []
        for place, (name, task) in enumerate(self.tasks.items()):
            chosen = objective(task.objective.type)
            pairs = Pairs(
                tf.reshape(logits[name], shape),
                inputs["labels"][:, :, place],
                inputs["usable"],
                inputs["stands_for"],
                inputs["positives"],
                self.scaling[place],
            )
            options = parse_options("objective", task.objective.type, task.objective.options)
            losses.append(task.weight * chosen.loss(options, pairs))
        return tf.add_n(losses)

    def predictions(self, logits: Mapping[str, Any]) -> dict[str, Any]:
        """What each task predicts, not calibrated: float32 of the logits' shape."""
        return {
            name: objective(task.objective.type).output(logits[name], self.scaling[place])
            for place, (name, task) in enumerate(self.tasks.items())
        }

    def examples_in(self, inputs: Mapping[str, Any]) -> Any:
        """Lists of a batch: int32 scalar."""
        return tf.shape(inputs["usable"])[0]


class Wide(tf.keras.layers.Layer):
    """A weight for each id of each feature and cross, and one for each dense value."""

    def __init__(self, inputs: RankingInputs, tasks: int) -> None:
        super().__init__(name=_WIDE)
        self.query = WideTerms(f"{_WIDE}/query", inputs.query, (), tasks)
        self.candidate = WideTerms(f"{_WIDE}/candidate", inputs.candidate, inputs.crosses, tasks)
        self.pairs = None
        if inputs.pairs:
            self.pairs = _linear(tasks, "pairs")

    def call(self, query: Mapping[str, Any], candidates: Mapping[str, Any]) -> Any:
        """The wide part's share of the logits: float32 [B, T]."""
        terms = [expanded(self.query(query), candidates), self.candidate(candidates)]
        if self.pairs is not None:
            terms.append(self.pairs(candidates[PAIRS]))
        return sum(term for term in terms if term is not None)


class Deep(tf.keras.layers.Layer):
    """Hidden layers over embeddings, dense values, the history, and history times candidate."""

    def __init__(self, inputs: RankingInputs, config: RankingConfig, seed: int) -> None:
        super().__init__(name="deep")
        dim = config.embedding_dim
        self.query = DeepInputs(inputs.query, dim, seed, "deep_query")
        self.candidate = DeepInputs(inputs.candidate, dim, seed + 50, "deep_candidate")
        self.pairs = inputs.pairs > 0
        self.history = None
        if inputs.num_history_ids:
            self.history = Embedding(inputs.num_history_ids, dim, 0.05, seed + 100, "taken")
        self.dropout = config.dropout
        interaction = config.interaction
        options = parse_options("interaction", interaction.type, interaction.options)
        width = _width(inputs, dim)
        self.interaction = load("interaction", interaction.type).interaction(
            options, width, seed + 300
        )
        options = parse_options("sharing", config.sharing.type, config.sharing.options)
        self.sharing = load("sharing", config.sharing.type).sharing(
            options, len(config.tasks), partial(_hidden, config), seed + 200
        )
        self.last = [_linear(1, f"task_{name}") for name in config.tasks]

    def call(
        self, query: Mapping[str, Any], candidates: Mapping[str, Any], seed: Any | None
    ) -> Any:
        """The deep part's share of the logits: float32 [B, T]."""
        values, fields = self._inputs(query, candidates)
        if seed is not None:
            values = drop_units(values, self.dropout, seed)
        shared = self.sharing(self.interaction(values, fields), seed)
        return tf.concat([last(one) for last, one in zip(self.last, shared, strict=True)], axis=1)

    def _inputs(self, query: Mapping[str, Any], candidates: Mapping[str, Any]) -> tuple[Any, Any]:
        """All inputs side by side, float32 [B, ...], and the embeddings of ids [B, F, D]."""
        parts, fields = [], []
        for inputs, encoded, of_query in (
            (self.query, query, True),
            (self.candidate, candidates, False),
        ):
            found = inputs(encoded)
            embedded, dense = (expanded(v, candidates) if of_query else v for v in found)
            if embedded is not None:
                fields.append(embedded)
                parts.append(tf.reshape(embedded, [-1, embedded.shape[1] * embedded.shape[2]]))
            if dense is not None:
                parts.append(dense)
        if self.history is not None:
            taste = masked_mean(self.history(query[HISTORY]), query[HISTORY])
            taste = expanded(taste, candidates)
            parts += [taste, taste * self.history(candidates["item_id"][:, 0])]
        if self.pairs:
            parts.append(candidates[PAIRS])
        return tf.concat(parts, axis=-1), tf.concat(fields, axis=1) if fields else None


def expanded(of_query: Any, candidates: Mapping[str, Any]) -> Any:
    """Rows of requests [Q, ...], repeated for their candidates: [B, ...]; None stays None."""
    if of_query is None or not candidates:
        return of_query
    pairs = tf.shape(next(iter(candidates.values())))[0]
    requests = tf.maximum(tf.shape(of_query)[0], 1)
    return tf.repeat(of_query, pairs // requests, axis=0)


def _both(logit: Any, given: Any) -> Any:
    """Log odds that two events come true, the second of which has a probability given the first.

    1/p - 1 = (1 + e^-a)(1 + e^-b) - 1, so nothing is lost where a probability is near 0 or 1.
    """
    return -tf.reduce_logsumexp(tf.stack([-logit, -given, -logit - given]), axis=0)


def _initial_prior(tasks: Mapping[str, TaskConfig], shape: Any, dtype: Any = None) -> Any:
    orders = [objective(task.objective.type).ORDERS for task in tasks.values()]
    return tf.reshape(tf.constant([float(one) for one in orders], dtype), shape)


def _width(inputs: RankingInputs, dim: int) -> int:
    features = (*inputs.query, *inputs.candidate)
    widths = (dim if f.output.kind == "ids" else f.output.width for f in features)
    return sum(widths) + inputs.pairs + (2 * dim if inputs.num_history_ids else 0)


def _hidden(config: RankingConfig, seed: int, name: str) -> Mlp:
    return Mlp(config.hidden_units, config.dropout, config.normalization, seed, name)


def _linear(units: int, name: str) -> Any:
    return tf.keras.layers.Dense(units, use_bias=False, kernel_initializer="zeros", name=name)
