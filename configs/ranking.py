"""The Wide & Deep ranking model."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from configs.section import Section
from configs.training import TrainingConfig

Units = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, lt=1)]


class RankingConfig(Section):
    """Wide part (linear terms and crosses, FTRL) and deep part (embeddings and an MLP)."""

    enabled: bool = True
    """False leaves the retrieved order as it is."""
    hidden_units: tuple[Units, ...] = (64, 32)
    """Hidden layers of the deep part."""
    embedding_dim: Annotated[int, Field(ge=1)] = 16
    """Width of the deep part's embeddings."""
    dropout: Share = 0.4
    """Share of the deep part's inputs dropped while training."""
    candidates: Annotated[int, Field(ge=1)] = 200
    """Candidates retrieved for each request and ranked."""
    retrieved_negatives: Annotated[int, Field(ge=0)] = 30
    """Negatives for each positive, drawn from the user's retrieved candidates."""
    random_negatives: Annotated[int, Field(ge=0)] = 4
    """Negatives for each positive, drawn uniformly from the catalogue."""
    ftrl_learning_rate: Annotated[float, Field(gt=0)] = 0.02
    """Step size of the wide part (FTRL)."""
    ftrl_l1: Annotated[float, Field(ge=0)] = 1e-4
    """L1 strength of the wide part."""
    holdout_share: Annotated[float, Field(gt=0, lt=1)] = 0.25
    """Share of the validation requests, the latest, kept from training to decide when to stop."""
    training: TrainingConfig = TrainingConfig(
        epochs=20, batch_size=256, learning_rate=0.001, embedding_learning_rate=0.001, patience=4
    )
    """The training loop; a batch counts positives."""
    validation_metric: str = "ndcg@10"
    """The metric of the held-out users that decides when to stop and which weights to keep."""

    @model_validator(mode="after")
    def _check_negatives(self) -> Self:
        if self.retrieved_negatives + self.random_negatives == 0:
            raise ValueError(
                "the ranking stage needs something to rank a positive above: set "
                "`retrieved_negatives` or `random_negatives` to at least 1, or `enabled: false`"
            )
        return self
