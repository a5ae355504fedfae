"""How both stages are trained."""

from typing import Annotated

from pydantic import Field

from configs.section import Section

Rate = Annotated[float, Field(gt=0)]


class TrainingConfig(Section):
    """Settings of one training loop."""

    epochs: Annotated[int, Field(ge=1)] = 20
    """Passes over the training examples at most."""
    batch_size: Annotated[int, Field(ge=1)] = 1024
    """Examples a step."""
    learning_rate: Rate = 0.002
    """Step size of the dense layers (Adam)."""
    embedding_learning_rate: Rate = 0.002
    """Step size of the embedding tables (row-sparse Adam)."""
    warmup_steps: Annotated[int, Field(ge=0)] = 0
    """Steps over which the step sizes grow linearly from 0."""
    clip_norm: Annotated[float, Field(gt=0)] | None = None
    """Largest norm of the dense gradients; unlimited when missing."""
    patience: Annotated[int, Field(ge=1)] = 3
    """Evaluations without a better validation metric before training stops."""
    evaluate_every_epochs: Annotated[int, Field(ge=1)] = 1
    """Epochs between two evaluations on the validation events."""
    steps_per_call: Annotated[int, Field(ge=1)] = 200
    """Steps inside one compiled call; Python acts (bar, log, checkpoint) between calls."""
    checkpoint_seconds: Annotated[float, Field(ge=0)] = 30.0
    """Seconds between two checkpoints inside an epoch; every evaluation writes one as well."""
