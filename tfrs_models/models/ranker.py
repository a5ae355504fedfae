"""A trained ranker: the model, its calibrators and the formula of its final score."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from configs.formula import SCORE, evaluate
from tfrs_models.calibration._calibration import Calibrator
from tfrs_models.features.ranking_encoder import RankingEncoder
from tfrs_models.models.wide_deep import WideDeep


@dataclass(frozen=True)
class Ranker:
    """What orders the candidates of a request.

    Attributes:
        model: the trained model.
        encoder: makes its inputs.
        calibrators: of the binary tasks, by name.
        formula: the final score over the tasks' outputs.
    """

    model: WideDeep
    encoder: RankingEncoder
    calibrators: Mapping[str, Calibrator]
    formula: str

    def outputs(self, logits: Mapping[str, Any]) -> dict[str, Any]:
        """Calibrated outputs by task, and the final score; float32 of the logits' shape."""
        found = self.model.predictions(logits)
        found |= {name: one.apply(logits[name]) for name, one in self.calibrators.items()}
        return {**found, SCORE: evaluate(self.formula, found)}

    def predict(
        self, query: Mapping[str, Any], items: Mapping[str, Any], statistics: Any, retrieved: Any
    ) -> dict[str, Any]:
        """Outputs of all pairs, float32 [Q G] by name; see `PairFeatures` for what is read."""
        pairs = self.encoder.pairs(query, items, statistics, retrieved)
        model_items = {name: items[name] for name in self.encoder.item_names}
        candidates = self.encoder.candidates(query, model_items, pairs)
        return self.outputs(self.model.logits(query, candidates))
