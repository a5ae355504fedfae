"""The third step of an answer: what is changed in the order of the ranked candidates."""

from configs.plugins import PluginSection
from configs.section import Section


class StepConfig(PluginSection):
    """One step."""

    kind = "reranking"

    type: str
    """Name of the method: a module of `tfrs_models.reranking.methods`, or a dotted name."""


class RerankingConfig(Section):
    """Steps after the ranking, each of which sees the order that the one before it left."""

    steps: tuple[StepConfig, ...] = ()
    """Steps such as `{type: mmr, options: {relevance: 0.8}}`; none leaves the order as it is."""
