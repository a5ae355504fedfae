"""How both stages are trained."""

from typing import Annotated, Literal

from pydantic import Field

from configs.section import Section

Rate = Annotated[float, Field(gt=0)]
Rule = Literal["adam", "adagrad", "sgd"]


class TrainingConfig(Section):
    """Settings of one training loop."""

    epochs: Annotated[int, Field(ge=1)] = 20
    """Passes over the training examples at most."""
    batch_size: Annotated[int, Field(ge=1)] = 256
    """Histories (retrieval) or positives (ranking) a step."""
    accumulate_batches: Annotated[int, Field(ge=1)] = 1
    """Batches whose gradients are averaged before one optimizer step."""
    optimizer: Rule = "adam"
    """Update rule of the dense layers."""
    learning_rate: Rate = 0.001
    """Step size of the dense layers."""
    embedding_optimizer: Rule = "adam"
    """Update rule of the embedding tables; it touches only the rows that a step has seen."""
    embedding_learning_rate: Rate = 0.001
    """Step size of the embedding tables."""
    embedding_l2: Annotated[float, Field(ge=0)] = 0.0
    """Strength of the L2 penalty on the embedding rows that a step has seen."""
    warmup_steps: Annotated[int, Field(ge=0)] = 0
    """Steps over which the step sizes grow linearly from 0."""
    decay: Literal["constant", "linear", "cosine"] = "constant"
    """How the step sizes fall to 0 at the end of the last epoch."""
    clip_norm: Annotated[float, Field(gt=0)] | None = None
    """Largest norm of the dense gradients; unlimited when missing."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Number format inside hidden layers; weights, logits and losses are always float32."""
    patience: Annotated[int, Field(ge=1)] = 3
    """Evaluations without a better validation metric before training stops."""
    evaluate_every_epochs: Annotated[int, Field(ge=1)] = 1
    """Epochs between two evaluations on the validation events."""
    steps_per_call: Annotated[int, Field(ge=1)] = 200
    """Steps inside one compiled call; Python acts (bar, log, checkpoint) between calls."""
    checkpoint_seconds: Annotated[float, Field(ge=0)] = 30.0
    """Seconds between two checkpoints inside an epoch; every evaluation writes one as well."""
    resident_events: Annotated[int, Field(ge=1)] = 50_000_000
    """Training events in memory at a time; the next part is read while this one trains."""
