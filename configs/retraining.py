"""Continuous retraining."""

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from configs.drift import DriftConfig
from configs.gate import GateConfig
from configs.hooks import Hooks
from configs.intake import IntakeConfig
from configs.section import Section

Policy = Literal["warm", "full", "warm_then_weekly_full"]
Share = Annotated[float, Field(ge=0, lt=1)]


class WarmConfig(Section):
    """How a model goes on learning where the published one stopped."""

    retrieval_epochs: Annotated[int, Field(ge=1)] = 5
    """Passes of the retrieval over the events that it learns from: the new ones, the latest ones
    of the same users, as many as a history holds, and a replay."""
    ranking_epochs: Annotated[int, Field(ge=1)] = 1
    """Passes of the ranker over the requests of the new events."""
    replay_share: Share = 0.3
    """Share of events of users without new ones among those that the retrieval learns from, against
    forgetting."""
    step_size: Annotated[float, Field(gt=0, le=1)] = 1.0
    """The step sizes are this times those of a training from the beginning, and constant."""
    max_growth: Annotated[float, Field(gt=0)] = 0.5
    """Users or items that are new, as a share of those known, above which the data are refused."""


class RetrainingConfig(Section):
    """What `tfrs retrain` does."""

    policy: Policy = "warm_then_weekly_full"
    """`warm` goes on from the published model, `full` begins anew, `warm_then_weekly_full` does
    the latter once in `full_every_days`."""
    full_every_days: Annotated[float, Field(gt=0)] = 7.0
    """Days of data after which `warm_then_weekly_full` begins anew."""
    min_new_events: Annotated[int, Field(ge=1)] = 1
    """New events below which there is nothing to do."""
    drift_after_events: Annotated[int, Field(ge=1)] | None = None
    """New events from which on, below `min_new_events`, drift among them begins a training at
    once; never when missing."""
    max_staleness_hours: Annotated[float, Field(gt=0)] | None = None
    """Hours since the last publication after which fewer new events will do; no limit when
    missing."""
    log_days: Annotated[float, Field(gt=0)] | None = None
    """Days of the log that are read, back from its newest event, as whole files; all when missing.
    A training from the beginning forgets users and items that are not in them."""
    publish_to: str | None = None
    """Folder of published models; `models` below the artifacts when missing."""
    keep: Annotated[int, Field(ge=2)] = 5
    """Newest published versions to keep."""
    metrics_file: str | None = None
    """Where Prometheus' text file is written too, as the collector of a node exporter reads it."""
    intake: IntakeConfig = IntakeConfig()
    """Which events are taken in."""
    warm: WarmConfig = WarmConfig()
    """Going on from the published model."""
    drift: DriftConfig = DriftConfig()
    """How far new events may be from those learned."""
    gate: GateConfig = GateConfig()
    """What a model must show before it is published."""
    hooks: Hooks = ()
    """Who is told, and asked."""

    @model_validator(mode="after")
    def _check_drift_after(self) -> Self:
        least, most = self.drift_after_events, self.min_new_events
        if least is not None and least >= most:
            raise ValueError(
                f"`drift_after_events` must be below `min_new_events` = {most}, received {least}: "
                "so many begin a training anyway. Lower it, or raise `min_new_events`"
            )
        return self

    @field_validator("publish_to")
    @classmethod
    def _check_folder(cls, place: str | None) -> str | None:
        if place is not None and "://" in place:
            raise ValueError(
                f"`publish_to` must be a folder, received {place!r}: the champion is asked where "
                "it lies. Publish to an object store from a hook on `on_publish`, by `tfrs publish`"
            )
        return place
