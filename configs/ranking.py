"""The Wide & Deep ranking model."""

from typing import Annotated, Literal

from pydantic import Field

from configs.section import Section
from configs.training import TrainingConfig

Units = Annotated[int, Field(ge=1)]


class RankingConfig(Section):
    """Wide part (linear terms and crosses, FTRL) and deep part (embeddings and an MLP)."""

    enabled: bool = True
    """False leaves the retrieved order as it is."""
    hidden_units: tuple[Units, ...] = (128, 64)
    """Hidden layers of the deep part."""
    embedding_dim: Annotated[int, Field(ge=1)] = 16
    """Width of the deep part's embeddings."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """Share of the deep part's activations dropped while training."""
    task: Literal["click", "rating"] = "click"
    """`click` learns whether a candidate is taken; `rating` learns `value` (explicit feedback)."""
    candidates: Annotated[int, Field(ge=1)] = 200
    """Candidates retrieved for each request and ranked."""
    retrieved_negatives: Annotated[int, Field(ge=0)] = 8
    """Negatives for each positive, drawn from the user's retrieved candidates."""
    random_negatives: Annotated[int, Field(ge=0)] = 2
    """Negatives for each positive, drawn uniformly from the catalogue."""
    ftrl_learning_rate: Annotated[float, Field(gt=0)] = 0.05
    """Step size of the wide part (FTRL)."""
    ftrl_l1: Annotated[float, Field(ge=0)] = 1e-4
    """L1 strength of the wide part."""
    training: TrainingConfig = TrainingConfig(epochs=10, learning_rate=0.001)
    """The training loop."""
