"""The two-tower retrieval model."""

from typing import Annotated, Literal

from pydantic import Field

from configs.plugins import PluginSection
from configs.section import Section
from configs.training import TrainingConfig

Units = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, lt=1)]


class LossConfig(PluginSection):
    """The retrieval loss."""

    kind = "loss"

    type: str = "sampled_softmax"
    """Name of the loss: a module of `tfrs_models.losses`, or a dotted name."""


class RetrievalConfig(Section):
    """Query tower (user, context, history) and candidate tower (id, content)."""

    embedding_dim: Annotated[int, Field(ge=2)] = 64
    """Width of the query and candidate embeddings."""
    query_hidden_units: tuple[Units, ...] = ()
    """Hidden layers of the query tower over the user's and the context's features."""
    candidate_hidden_units: tuple[Units, ...] = ()
    """Hidden layers of the candidate tower over the item's content."""
    history_pooling: Literal["mean", "recency"] = "mean"
    """`recency` learns a weight for each place, counted back from the latest item."""
    history_sampling: Literal["past", "leave_one_out"] = "leave_one_out"
    """The history of a training example: earlier items only, or all other training items."""
    history_dropout: Share = 0.3
    """Share of the history's items dropped while training."""
    user_dropout: Share = 0.5
    """Share of user ids replaced by the unknown id, so that the history learns to stand alone."""
    item_dropout: Share = 0.05
    """Share of candidate ids replaced by the unknown id, so that content learns to stand alone."""
    temperature: Annotated[float, Field(gt=0)] = 0.15
    """Cosine similarities are divided by this before the softmax."""
    recency_half_life_days: Annotated[float, Field(gt=0)] | None = None
    """A training event this much older than the newest counts half; all alike when missing."""
    loss: LossConfig = Field(default_factory=LossConfig)
    """The loss."""
    training: TrainingConfig = TrainingConfig()
    """The training loop."""
    validation_metric: str = "recall@20"
    """The metric that decides when to stop and which weights to keep."""
