"""The ranking stage of a warm training."""

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from configs.retraining import WarmConfig
from tfrs_models.data.dataset import TEST
from tfrs_models.features.encoder import FeatureEncoder
from tfrs_models.models.ranker import Ranker
from trainers.folders import stage
from trainers.ranking.requests import window_requests
from trainers.ranking.stage import restored_ranker
from trainers.ranking.training import Examples, new_encoder, train_on_all
from trainers.ranking.windows import window_between
from trainers.retraining.warm.former_run import FormerRanking, FormerRun
from trainers.retraining.warm.retrieval import former_two_tower
from trainers.retraining.warm.weights import take_over
from trainers.retrieval import Material, candidate_embeddings
from trainers.watch import Watch


def train_ranking(
    former: FormerRun,
    ranking: FormerRanking,
    material: Material,
    encoder: FeatureEncoder,
    settings: WarmConfig,
    folder: Path,
    console: Console,
) -> Ranker:
    """The ranker that has learned from the requests since, trained now or before.

    Where they are too few it stays as it was. Its calibration stays in any case: it has to be
    measured on requests that the ranker does not learn from.
    """
    pairs = new_encoder(material, encoder)

    def work() -> dict[str, Any]:
        examples = requests_since(former, material)
        console.print(f"[bold]Ranking[/bold] goes on with {len(examples):,} requests")
        epochs = settings.ranking_epochs if _enough(examples, material) else 0
        target, start = folder / "model", partial(take_over, ranking.saved)
        with Watch("ranking", "steps", target / "logs", console) as watch:
            _, fitted = train_on_all(examples, pairs, material, epochs, target, watch, start)
        return asdict(fitted) | {
            "requests": len(examples),
            "calibrators": ranking.calibrators,
        }

    stage(folder, work)
    return restored_ranker(pairs, material, folder)


def requests_since(former: FormerRun, material: Material) -> Examples:
    """The requests of the new events, with the lists of the former retrieval."""
    events = material.dataset.events
    end = int(events.time[events.split == TEST].min())
    window = window_between(material, min(former.trained_until, end), end)
    model = former_two_tower(former, material)
    requests = window_requests(model, window, material.config.ranking.candidates)
    return Examples([window], [requests], candidate_embeddings(model, material)[:, :-1])


def _enough(examples: Examples, material: Material) -> bool:
    positives = sum(int(part.positive.sum()) for part in examples.requests)
    return positives >= material.config.ranking.training.accumulate_batches
