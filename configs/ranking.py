"""The Wide & Deep ranking model."""

import keyword
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from configs import faults
from configs.calibration import CalibrationConfig
from configs.features import FeatureName
from configs.formula import SCORE, check_formula
from configs.plugins import PluginSection
from configs.section import Section
from configs.tasks import TaskConfig
from configs.training import TrainingConfig

Units = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, lt=1)]
Count = Annotated[int, Field(ge=0)]


class InteractionConfig(PluginSection):
    """How the deep part multiplies its inputs with each other, before the hidden layers."""

    kind = "interaction"

    type: str = "none"
    """Name of the interaction: a module of `tfrs_models.layers.interactions`, or a dotted name."""


class SharingConfig(PluginSection):
    """What the tasks have in common."""

    kind = "sharing"

    type: str = "shared_bottom"
    """Name of the sharing: a module of `tfrs_models.layers.sharing`, or a dotted name."""


class RankingConfig(Section):
    """Wide part (linear terms and crosses, FTRL) and deep part (embeddings and an MLP)."""

    enabled: bool = True
    """False leaves the retrieved order as it is."""
    tasks: Annotated[Mapping[FeatureName, TaskConfig], Field(min_length=1)] = Field(
        default_factory=lambda: {"positive": TaskConfig()}
    )
    """What is predicted, by name."""
    score: str | None = None
    """Formula over the tasks' outputs that orders the candidates; the first task when missing."""
    calibration: CalibrationConfig = Field(default_factory=CalibrationConfig)
    """How the outputs of binary tasks become probabilities."""
    hidden_units: tuple[Units, ...] = (64, 32)
    """Hidden layers of the deep part."""
    embedding_dim: Annotated[int, Field(ge=1)] = 16
    """Width of the deep part's embeddings."""
    initial_embeddings: Literal["random", "retrieval"] = "random"
    """`retrieval` starts the deep part's items at the main directions of the retrieval's."""
    dropout: Share = 0.2
    """Share of the deep part's inputs and hidden units dropped while training."""
    normalization: Literal["none", "layer"] = "none"
    """`layer` normalises each hidden layer's sums (Ba et al. 2016)."""
    interaction: InteractionConfig = Field(default_factory=InteractionConfig)
    """Products of inputs in the deep part."""
    sharing: SharingConfig = Field(default_factory=SharingConfig)
    """What several tasks have in common."""
    candidates: Annotated[int, Field(ge=1)] = 200
    """Candidates retrieved for each request and ranked."""
    windows: Annotated[int, Field(ge=1)] | None = None
    """Stretches of time to learn from, as long as the validation part, which is the last: 4 where
    the split is one in time, else 1. The earlier ones ask a retrieval model of that time."""
    max_requests: Annotated[int, Field(ge=1)] = 20_000
    """Requests of a window at most; a seeded sample of the users. Each takes about 25 KiB."""
    attribution_hours: Annotated[float, Field(ge=0)] = 0.0
    """An impression of the last so many hours of a window is no negative: its click may have come
    after the window's end."""
    retrieved_negatives: Count = 40
    """Negatives for each positive, drawn from the user's retrieved candidates."""
    shown_negatives: Count = 0
    """Negatives for each positive, drawn from what the log says was shown to the user in vain."""
    random_negatives: Count = 0
    """Negatives for each positive, drawn uniformly from the catalogue."""
    positions: Count = 0
    """Places of the shown list whose advantage is learned, and left out when serving; 0: none."""
    ftrl_learning_rate: Annotated[float, Field(gt=0)] = 0.02
    """Step size of the wide part (FTRL)."""
    ftrl_l1: Annotated[float, Field(ge=0)] = 1e-4
    """L1 strength of the wide part."""
    holdout_share: Annotated[float, Field(gt=0, lt=1)] = 0.25
    """Share of the requests, the latest, that decides when to stop and calibrates where there is
    one window; of several the last one does. The last training has all requests."""
    training: TrainingConfig = TrainingConfig(
        epochs=20, batch_size=256, learning_rate=0.001, embedding_learning_rate=0.001, patience=4
    )
    """The training loop; a batch counts positives."""
    validation_metric: str = "ndcg@20"
    """The metric of the held-out users that decides when to stop and which weights to keep."""

    @property
    def formula(self) -> str:
        """The formula of the final score."""
        return next(iter(self.tasks)) if self.score is None else self.score

    @model_validator(mode="after")
    def _check_negatives(self) -> Self:
        if self.retrieved_negatives + self.shown_negatives + self.random_negatives == 0:
            raise ValueError(
                "the ranking stage needs something to rank a positive above: set "
                "`retrieved_negatives`, `shown_negatives` or `random_negatives` to at least 1, or "
                "`enabled: false`"
            )
        return self

    @model_validator(mode="after")
    def _check_score(self) -> Self:
        if SCORE in self.tasks:
            raise ValueError("`tasks.score` has the name of the final score: rename the task")
        for name in self.tasks:
            if keyword.iskeyword(name):
                raise ValueError(
                    f"`tasks.{name}` has the name of a keyword of Python, which no formula can "
                    "hold: rename the task"
                )
        check_formula(self.formula, self.tasks)
        return self

    @model_validator(mode="after")
    def _check_given(self) -> Self:
        for name, task in self.tasks.items():
            if task.given is None:
                continue
            if task.given not in self.tasks or task.given == name:
                others = [other for other in self.tasks if other != name]
                choices = faults.advice(task.given, others) if others else "Leave it out"
                raise ValueError(
                    f"`tasks.{name}.given` names `{task.given}`, which is no other task. {choices}"
                )
            self._check_chain(name, task.given)
        return self

    def _check_chain(self, name: str, given: str) -> None:
        condition = self.tasks[given]
        for task in (name, given):
            if self.tasks[task].objective.type != "binary":
                raise ValueError(
                    f"`tasks.{name}.given` needs `objective: {{type: binary}}` in both tasks; "
                    f"`{task}` has `{self.tasks[task].objective.type}`"
                )
        if condition.given is not None:
            raise ValueError(
                f"`tasks.{name}.given` names `{given}`, which has a `given` itself: name "
                f"`{condition.given}`, or leave one out"
            )
