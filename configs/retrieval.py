"""The two-tower retrieval model."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from configs.plugins import PluginSection
from configs.section import Section
from configs.training import TrainingConfig

Units = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, lt=1)]


class LossConfig(PluginSection):
    """The retrieval loss."""

    kind = "loss"

    type: str = "softmax"
    """Name of the loss: a module of `tfrs_models.losses`, or a dotted name."""


class NegativesConfig(PluginSection):
    """The items that every query of a batch is scored against."""

    kind = "negatives"

    type: str = "uniform"
    """Name of the source: a module of `tfrs_models.negatives`, or a dotted name."""


class HistoryEncoderConfig(PluginSection):
    """How a history becomes a vector."""

    kind = "history"

    type: str = "mean"
    """Name of the encoder: a module of `tfrs_models.layers.history`, or a dotted name."""


class RetrievalConfig(Section):
    """Query tower (user, context, history) and candidate tower (id, content)."""

    embedding_dim: Annotated[int, Field(ge=2)] = 64
    """Width of the embeddings' direction; one more number holds the item's prior."""
    query_hidden_units: tuple[Units, ...] = ()
    """Hidden layers of the query tower over the user's and the context's features."""
    candidate_hidden_units: tuple[Units, ...] = ()
    """Hidden layers of the candidate tower over the item's content."""
    history: HistoryEncoderConfig = Field(default_factory=HistoryEncoderConfig)
    """The encoder of the history."""
    history_sampling: Literal["random", "past"] = "random"
    """History of a training example: a random part of a window of events, or what came before."""
    history_share: tuple[Share, Share] = (0.6, 0.9)
    """`random`: smallest and largest share of a window that is history; the rest are targets."""
    history_dropout: Share = 0.0
    """Share of the history's items dropped while training."""
    user_dropout: Share = 0.5
    """Share of user ids replaced by the unknown id, so that the history learns to stand alone."""
    item_dropout: Share = 0.05
    """Share of candidate ids replaced by the unknown id, so that content learns to stand alone."""
    temperature: Annotated[float, Field(gt=0)] = 0.15
    """Scores are divided by this before the loss."""
    learned_temperature: bool = False
    """True makes `temperature` the start of a learned one."""
    initialization: Literal["spectral", "random"] = "spectral"
    """`spectral` starts items at the leading singular vectors of who took what."""
    popularity_prior: Annotated[float, Field(ge=0)] = 1.0
    """Items start with this times the logarithm of their training events in their logits."""
    recency_half_life_days: Annotated[float, Field(gt=0)] | None = None
    """A training event this much older than the newest counts half; all alike when missing."""
    negatives: NegativesConfig = Field(default_factory=NegativesConfig)
    """The negatives."""
    loss: LossConfig = Field(default_factory=LossConfig)
    """The loss."""
    training: TrainingConfig = TrainingConfig()
    """The training loop."""
    validation_metric: str = "recall@20"
    """The metric that decides when to stop and which weights to keep."""
    validation_users: Annotated[int, Field(ge=1)] | None = 5000
    """Validate on a seeded sample of this many users; on all when missing."""
    refit: bool = False
    """True trains once more, on validation events too; only without the ranking stage."""

    @model_validator(mode="after")
    def _check_shares(self) -> Self:
        low, high = self.history_share
        if low > high:
            raise ValueError(
                f"`history_share` is [smallest, largest], received [{low}, {high}]: swap them"
            )
        return self
