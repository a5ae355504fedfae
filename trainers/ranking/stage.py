"""The ranking stage of a run: windows, their retrieval models, the training, the calibration.

Each part is done once: a run that was killed goes on with the next.
"""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from tfrs_models.backend import tf
from tfrs_models.calibration._calibration import Calibrator
from tfrs_models.features.encoder import FeatureEncoder
from tfrs_models.features.ranking_encoder import RankingEncoder
from tfrs_models.models.ranker import Ranker
from tfrs_models.models.two_tower import TwoTower
from tfrs_models.models.wide_deep import WideDeep
from trainers.checkpoints import restore_best
from trainers.folders import DONE, read_done, stage
from trainers.loop import Fit
from trainers.ranking.requests import window_requests
from trainers.ranking.training import (
    Examples,
    calibrate,
    new_encoder,
    new_wide_deep,
    select,
    train_on_all,
)
from trainers.ranking.windows import Window, ranking_windows
from trainers.restore import missing_query, missing_rows, restore
from trainers.retrieval import (
    Material,
    candidate_embeddings,
    new_two_tower,
    refit_retrieval,
)
from trainers.stages import trained
from trainers.watch import Watch


def train_ranking(
    two_tower: TwoTower,
    retrieval_epochs: int,
    encoder: FeatureEncoder,
    material: Material,
    folder: Path,
    console: Console,
) -> Ranker:
    """The ranker of a run, trained now or before.

    Args:
        two_tower: the retrieval model of the training events.
        retrieval_epochs: for which it was trained, and those of earlier windows are.
        encoder: the features.
        material: the run's data.
        folder: the stage's folder.
        console: is told of the progress.
    """
    pairs = new_encoder(material, encoder)
    if not (folder / DONE).exists():
        stage(folder, lambda: _train(two_tower, retrieval_epochs, pairs, material, folder, console))
    return restored_ranker(pairs, material, folder)


def restored_ranker(encoder: RankingEncoder, material: Material, folder: Path) -> Ranker:
    """The ranker of a stage that is done.

    Raises:
        ArtifactError: its weights are missing, or belong to another model.
    """
    model = new_wide_deep(material, encoder)
    build(model, encoder, material)
    restore_best(model, folder / "model")
    calibrators = read_done(folder)["calibrators"]
    return Ranker(
        model,
        encoder,
        {name: Calibrator(**one) for name, one in calibrators.items()},
        material.config.ranking.formula,
    )


def build(model: WideDeep, encoder: RankingEncoder, material: Material) -> None:
    """Create all variables by scoring one missing candidate of a missing request."""
    query = missing_query(material)
    items = {n: one[:, tf.newaxis] for n, one in missing_rows(material, encoder.item_names).items()}
    pairs = tf.zeros([1, 1, len(encoder.pairs.names)])
    model.build_from(query, encoder.candidates(query, items, pairs))


def _train(
    two_tower: TwoTower,
    retrieval_epochs: int,
    encoder: RankingEncoder,
    material: Material,
    folder: Path,
    console: Console,
) -> Mapping[str, Any]:
    examples = ranking_examples(two_tower, retrieval_epochs, material, folder / "windows", console)
    console.print(f"[bold]Ranking[/bold] learns from {len(examples):,} requests")
    metric = material.config.ranking.validation_metric
    with Watch("ranking", metric, folder / "select" / "logs", console) as watch:
        model, chosen, held_out = select(examples, encoder, material, folder / "select", watch)
    calibrators = calibrate(model, held_out, encoder, material.config.ranking)
    with Watch("ranking", "steps", folder / "model" / "logs", console) as watch:
        _, fitted = train_on_all(
            examples, encoder, material, chosen.best_epoch, folder / "model", watch
        )
    return _record(chosen, fitted, examples, calibrators)


def _record(
    chosen: Fit, fitted: Fit, examples: Examples, calibrators: Mapping[str, Calibrator]
) -> dict[str, Any]:
    return {
        **asdict(chosen),
        "seconds": chosen.seconds + fitted.seconds,
        "windows": len(examples.windows),
        "requests": len(examples),
        "calibrators": {name: asdict(one) for name, one in calibrators.items()},
    }


def ranking_examples(
    two_tower: TwoTower, epochs: int, material: Material, folder: Path, console: Console
) -> Examples:
    """What the ranker learns from: the windows, and the lists of a retrieval model of each time.

    Args:
        two_tower: the retrieval model of the training events.
        epochs: for which it was trained, and those of earlier windows are.
        material: the run's data.
        folder: keeps the models of the windows.
        console: is told of the progress.
    """
    windows = ranking_windows(material)
    k = material.config.ranking.candidates
    requests = []
    for number, window in enumerate(windows):
        last = number == len(windows) - 1
        model = two_tower
        if not last:
            console.print(f"[bold]Retrieval[/bold] of window {number + 1} of {len(windows)}")
            model = _earlier(window, epochs, folder / str(number), console)
        requests.append(window_requests(model, window, k))
    return Examples(windows, requests, candidate_embeddings(two_tower, material)[:, :-1])


def _earlier(window: Window, epochs: int, folder: Path, console: Console) -> TwoTower:
    """The retrieval model of the time when a window began."""
    material = window.material
    return trained(
        lambda: Watch("window", "steps", folder / "logs", console),
        folder,
        lambda watch: refit_retrieval(material, epochs, folder, watch),
        lambda: restore(new_two_tower(material), material, folder),
    )
