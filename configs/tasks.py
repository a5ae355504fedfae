"""What the ranking model predicts of a candidate."""

from typing import Annotated

from pydantic import Field

from configs.plugins import PluginSection
from configs.section import Section


class LabelConfig(PluginSection):
    """Where a task's labels come from."""

    kind = "label"

    type: str = "positive"
    """Name of the label: a module of `tfrs_models.labels`, or a dotted name."""


class ObjectiveConfig(PluginSection):
    """What a task learns from its labels."""

    kind = "objective"

    type: str = "binary"
    """Name of the objective: a module of `tfrs_models.objectives`, or a dotted name."""


class TaskConfig(Section):
    """One output of the ranking model."""

    label: LabelConfig = Field(default_factory=LabelConfig)
    """Its labels."""
    objective: ObjectiveConfig = Field(default_factory=ObjectiveConfig)
    """Its loss, and what its output means."""
    weight: Annotated[float, Field(gt=0)] = 1.0
    """Weight of its loss in the sum over the tasks."""
    given: str | None = None
    """A binary task that must come true first, such as `click` of a purchase (ESMM): the output is
    the product of both probabilities, and both are learned from every example."""
