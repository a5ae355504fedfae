"""Continuous retraining."""

from typing import Annotated, Literal

from pydantic import Field

from configs.section import Section

Policy = Literal["warm", "full", "warm_then_weekly_full"]
Share = Annotated[float, Field(ge=0, lt=1)]


class WarmConfig(Section):
    """How a model goes on learning where the published one stopped."""

    retrieval_epochs: Annotated[int, Field(ge=1)] = 3
    """Passes of the retrieval over the events that it learns from."""
    ranking_epochs: Annotated[int, Field(ge=1)] = 1
    """Passes of the ranker over the requests of the new events."""
    replay_share: Share = 0.3
    """Share of older events among those that the retrieval learns from, against forgetting."""
    step_size: Annotated[float, Field(gt=0, le=1)] = 0.5
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
    warm: WarmConfig = WarmConfig()
    """Going on."""
