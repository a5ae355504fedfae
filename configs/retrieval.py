"""The two-tower retrieval model."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from configs import plugins
from configs.section import Section
from configs.training import TrainingConfig

Units = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, lt=1)]


class LossConfig(Section):
    """The retrieval loss."""

    type: str = "sampled_softmax"
    """Name of the loss: a module of `tfrs_models.losses`, or a dotted name."""
    options: Mapping[str, Any] = {}
    """Settings of that loss."""

    @model_validator(mode="after")
    def _check_options(self) -> Self:
        plugins.parse_options("loss", self.type, self.options)
        return self


class RetrievalConfig(Section):
    """Query tower (user, context, history) and candidate tower (id, content)."""

    embedding_dim: Annotated[int, Field(ge=2)] = 64
    """Width of the query and candidate embeddings."""
    query_hidden_units: tuple[Units, ...] = ()
    """Hidden layers of the query tower over everything but the history."""
    candidate_hidden_units: tuple[Units, ...] = ()
    """Hidden layers of the candidate tower over the item's content."""
    history_pooling: Literal["mean", "attention", "recency"] = "recency"
    """How the embeddings of the history become one vector."""
    dropout: Share = 0.0
    """Share of each tower's inputs dropped while training."""
    history_dropout: Share = 0.0
    """Share of the history's items dropped while training."""
    id_dropout: Share = 0.1
    """Share of item ids replaced by the unknown id, so that content learns to stand alone."""
    user_dropout: Share = 0.5
    """Share of user ids replaced by the unknown id, so that the history learns to stand alone."""
    temperature: Annotated[float, Field(gt=0)] = 0.07
    """Cosine similarities are divided by this before the softmax."""
    l2: Annotated[float, Field(ge=0)] = 0.0
    """Weight of the squared norm of the embedding rows that a step reads."""
    loss: LossConfig = LossConfig()
    """The loss."""
    training: TrainingConfig = TrainingConfig()
    """The training loop."""
    validation_metric: str = "recall@20"
    """The metric that decides when to stop and which weights to keep."""
