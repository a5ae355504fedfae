"""The ranking stage of a warm training."""

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from configs.retraining import WarmConfig
from tfrs_models.data.dataset import TEST
from tfrs_models.features.encoder import FeatureEncoder
from tfrs_models.features.ranking_encoder import RankingEncoder
from tfrs_models.models.ranker import Ranker
from tfrs_models.models.wide_deep import WideDeep
from trainers.folders import stage
from trainers.loop import Fit
from trainers.optimizers.build import ranking_optimizer
from trainers.ranking.requests import requests_for, window_queries
from trainers.ranking.stage import build, restored_ranker
from trainers.ranking.training import Examples, new_encoder, new_wide_deep, train_on_all
from trainers.ranking.windows import window_between
from trainers.retraining.warm.former_run import FormerRanking, FormerRun
from trainers.retraining.warm.kept import keep
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
        if _enough(examples, material):
            console.print(f"[bold]Ranking[/bold] goes on with {len(examples):,} requests")
            fitted = _go_on(ranking, examples, pairs, material, settings, folder, console)
        else:
            console.print("[bold]Ranking[/bold] stays as it was, there is too little to learn")
            fitted = keep(former_wide_deep(ranking, pairs, material), folder / "model")
        return asdict(fitted) | {
            "requests": len(examples),
            "calibrators": ranking.calibrators,
        }

    stage(folder, work)
    return restored_ranker(pairs, material, folder)


def _go_on(
    ranking: FormerRanking,
    examples: Examples,
    pairs: RankingEncoder,
    material: Material,
    settings: WarmConfig,
    folder: Path,
    console: Console,
) -> Fit:
    epochs, target = settings.ranking_epochs, folder / "model"
    start = partial(take_over, ranking.saved)
    with Watch("ranking", "steps", target / "logs", console) as watch:
        _, fitted = train_on_all(examples, pairs, material, epochs, target, watch, start)
    return fitted


def former_wide_deep(
    ranking: FormerRanking, encoder: RankingEncoder, material: Material
) -> WideDeep:
    """The ranking model as it was, with the rows of now."""
    model = new_wide_deep(material, encoder)
    build(model, encoder, material)
    model.compile(optimizer=ranking_optimizer(material.config.ranking, 1))
    model.optimizer.build(model.trainable_variables)
    take_over(ranking.saved, model)
    return model


def requests_since(former: FormerRun, material: Material) -> Examples:
    """The requests of the new events, with the lists of the former retrieval; there may be none."""
    events, config = material.dataset.events, material.config
    end = int(events.time[events.split == TEST].min())
    window = window_between(material, min(former.trained_until, end), end)
    model = former_two_tower(former, material)
    vectors = candidate_embeddings(model, material)[:, :-1]
    queries = window_queries(window)
    if not len(queries):
        return Examples([], [], vectors)
    requests = requests_for(model, window, queries, config.ranking.candidates, extra=True)
    return Examples([window], [requests], vectors)


def _enough(examples: Examples, material: Material) -> bool:
    positives = sum(int(part.positive.sum()) for part in examples.requests)
    return positives >= material.config.ranking.training.accumulate_batches
