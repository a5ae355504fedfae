"""The whole configuration of a run."""

import hashlib
import json
from typing import Annotated

from pydantic import Field

from configs.data import DataConfig
from configs.evaluation import EvaluationConfig
from configs.export import ExportConfig
from configs.features import FeaturesConfig
from configs.ranking import RankingConfig
from configs.reranking import RerankingConfig
from configs.retraining import RetrainingConfig
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
    ranking: RankingConfig = Field(default_factory=RankingConfig)
    """The second stage."""
    reranking: RerankingConfig = RerankingConfig()
    """The order after the second stage."""
    evaluation: EvaluationConfig = Field(default_factory=EvaluationConfig)
    """The measurement."""
    export: ExportConfig = Field(default_factory=ExportConfig)
    """The bundle."""
    retraining: RetrainingConfig = Field(default_factory=RetrainingConfig)
    """Continuous retraining; it decides when a run is done, and nothing of what comes out."""


def fingerprint(section: Section) -> str:
    """SHA-256 of a section's resolved values, 64 hexadecimal digits, `retraining` left out."""
    text = json.dumps(section.model_dump(mode="json", exclude={"retraining"}), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
