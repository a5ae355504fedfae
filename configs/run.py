"""The whole configuration of a run."""

import hashlib
import json
from typing import Annotated, Self

from pydantic import Field, model_validator

from configs.data import DataConfig
from configs.evaluation import EvaluationConfig
from configs.export import ExportConfig
from configs.features import FeaturesConfig
from configs.ranking import RankingConfig
from configs.reranking import RerankingConfig
from configs.retrieval import RetrievalConfig
from configs.section import Section


class RunConfig(Section):
    """Everything that decides what a run produces."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$")] = "run"
    """Name of the run: part of its folder and of the model's name."""
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 42
    """Seed of every random choice."""
    data: DataConfig = Field(default_factory=DataConfig)
    """The data."""
    features: FeaturesConfig = Field(default_factory=FeaturesConfig)
    """The features."""
    retrieval: RetrievalConfig = Field(default_factory=RetrievalConfig)
    """The first stage."""
    ranking: RankingConfig = RankingConfig()
    """The second stage."""
    reranking: RerankingConfig = RerankingConfig()
    """The order after the second stage."""
    evaluation: EvaluationConfig = Field(default_factory=EvaluationConfig)
    """The measurement."""
    export: ExportConfig = Field(default_factory=ExportConfig)
    """The bundle."""

    @model_validator(mode="after")
    def _check_refit(self) -> Self:
        # Measured on Online Retail: such a ranker takes the lists back to where they were before.
        if self.retrieval.refit and self.ranking.enabled:
            raise ValueError(
                "`retrieval.refit: true` needs `ranking.enabled: false`, received true: the ranker "
                "learns from lists of the model before the refit. Turn one of the two off"
            )
        return self


def fingerprint(section: Section) -> str:
    """SHA-256 of a section's resolved values, 64 hexadecimal digits."""
    text = json.dumps(section.model_dump(mode="json"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
