"""A whole run: data, features, retrieval, ranking, evaluation, bundle. Each stage is done once."""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from configs.errors import ArtifactError
from configs.run import RunConfig
from exports.bundle import BundleParts, write_bundle
from tfrs_models.backend import tf
from tfrs_models.data.dataset import TRAIN, PreparedDataset, learn_validation
from tfrs_models.data.former import Former
from tfrs_models.data.prepare import fingerprint, prepare
from tfrs_models.durable import remove_unfinished
from tfrs_models.evaluation.report import SystemResult
from tfrs_models.features.encode import encode_tables
from tfrs_models.features.encoder import FeatureEncoder
from tfrs_models.features.fit import fit_features
from tfrs_models.features.spec import SPEC_FILE, FeatureSpec
from tfrs_models.models.ranker import Ranker
from tfrs_models.models.two_tower import TwoTower
from trainers import evaluation
from trainers.folders import CONFIG, locked, read_done, run_folder, stage, write_json
from trainers.ranking.stage import train_ranking
from trainers.report.page import REPORT_FILE
from trainers.restore import restore
from trainers.retrieval import (
    Material,
    new_two_tower,
    query_embeddings,
    refit_retrieval,
    train_retrieval,
)
from trainers.stages import trained
from trainers.validation import check_metrics
from trainers.watch import Watch


@dataclass(frozen=True)
class Outcome:
    """What a run has left behind.

    Attributes:
        folder: the run's folder.
        bundle: the bundle's folder.
        metrics: flat measurements, as in `metrics.json`.
        results: of every system.
    """

    folder: Path
    bundle: Path
    metrics: Mapping[str, float]
    results: Sequence[SystemResult]


@dataclass(frozen=True)
class Trained:
    """The models of a run and what they were trained on."""

    material: Material
    encoder: FeatureEncoder
    two_tower: TwoTower
    ranker: Ranker | None

    @property
    def trained_until_us(self) -> int:
        """Microseconds since 1970 UTC, from which on the retrieval has learned nothing."""
        events = self.material.dataset.events
        return int(events.time[events.split != TRAIN].min())


def run(config: RunConfig, artifacts: Path, console: Console) -> Outcome:
    """Do what is left of a run; a run that was killed goes on where it stopped.

    A run that is complete is measured again and trained no more.

    Raises:
        BusyError: another process does the same run.
        TfrsError: a setting or the data are wrong.
    """
    check_metrics(config)
    folder = run_folder(artifacts, config, fingerprint(config.data, config.seed))
    with locked(folder):
        remove_unfinished(folder)
        write_json(folder / CONFIG, config.model_dump(mode="json"))
        done = train(config, artifacts, folder, console)
        console.print("[bold]Evaluating[/bold] against every baseline on the test events")
        found, metrics = evaluation.measured(done, folder)
        bundle, report = folder / "bundle", folder / REPORT_FILE
        stage(folder / evaluation.EXPORT, lambda: export(done, metrics, bundle, report))
        metrics = evaluation.add_speed(metrics, folder)
        evaluation.write_page(found, metrics, done.material, folder)  # now with the export
        return Outcome(folder, bundle, metrics, found.results)


def train(config: RunConfig, artifacts: Path, folder: Path, console: Console) -> Trained:
    """Prepare the data and train what is not trained yet."""
    # It warns of traces by their place in the source, and each window has traces of its own.
    tf.get_logger().setLevel(logging.ERROR)
    make_deterministic(config.seed)
    material, encoder = prepared(config, artifacts, folder, console)
    two_tower = _retrieval(material, folder / "retrieval", console)
    ranker = None
    if config.ranking.enabled:
        epochs = int(read_done(folder / "retrieval")["best_epoch"])
        ranker = train_ranking(two_tower, epochs, encoder, material, folder / "ranking", console)
    if config.retrieval.refit:
        material = replace(material, dataset=learn_validation(material.dataset))
        two_tower = _refit(material, folder, console)
    return Trained(material, encoder, two_tower, ranker)


def make_deterministic(seed: int) -> None:
    """Make this process compute the same from the same seed."""
    tf.keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


@dataclass(frozen=True)
class Parent:
    """A finished run that another one goes on from.

    Attributes:
        former: its rows.
        spec: its features.
    """

    former: Former
    spec: FeatureSpec


def prepared(
    config: RunConfig,
    artifacts: Path,
    folder: Path,
    console: Console,
    parent: Parent | None = None,
) -> tuple[Material, FeatureEncoder]:
    """Dataset, features and encoded tables, made once."""
    console.print("[bold]Preparing[/bold] events, items and users")
    start = time.perf_counter()
    former = parent.former if parent else None
    dataset = prepare(config.data, config.seed, artifacts / "datasets", former)
    _check_data(dataset, folder)
    spec = _features(config, dataset, folder / "features", parent.spec if parent else None)
    encoder = FeatureEncoder(spec)
    encoded = encode_tables(encoder, dataset, folder / "encoded")
    seconds = time.perf_counter() - start
    console.print(
        f"{len(dataset.events):,} events, {dataset.num_users - 2:,} users, "
        f"{dataset.num_items - 2:,} items ({seconds:.1f} s)"
    )
    stage(folder / "prepare", lambda: {"events": len(dataset.events), "seconds": seconds})
    return Material(config, dataset, spec, encoded), encoder


def _check_data(dataset: PreparedDataset, folder: Path) -> None:
    """Features and weights of a run fit no other data than its own."""
    record = stage(
        folder / "data",
        lambda: {"fingerprint": dataset.fingerprint, "event_types": list(dataset.event_types)},
    )
    if record["fingerprint"] != dataset.fingerprint:
        raise ArtifactError(
            f"the data have changed since `{folder}` was begun: bring the former files back, or "
            "begin a new run on the present ones with `tfrs train`, or `tfrs retrain` again"
        )


def _features(
    config: RunConfig, dataset: PreparedDataset, folder: Path, former: FeatureSpec | None
) -> FeatureSpec:
    if not (folder / SPEC_FILE).exists():
        fit_features(config.features, dataset, folder, former)
    return FeatureSpec.load(folder)


def _retrieval(material: Material, folder: Path, console: Console) -> TwoTower:
    metric = material.config.retrieval.validation_metric
    return trained(
        lambda: Watch("retrieval", metric, folder / "logs", console),
        folder,
        lambda watch: train_retrieval(material, folder, watch),
        lambda: restore(new_two_tower(material), material, folder),
    )


def _refit(material: Material, folder: Path, console: Console) -> TwoTower:
    epochs = int(read_done(folder / "retrieval")["best_epoch"])
    console.print(f"[bold]Refitting[/bold] on training and validation events, {epochs} epochs")
    target = folder / "refit"
    return trained(
        lambda: Watch("refit", "steps", target / "logs", console),
        target,
        lambda watch: refit_retrieval(material, epochs, target, watch),
        lambda: restore(new_two_tower(material), material, target),
    )


def export(
    done: Trained,
    metrics: Mapping[str, float],
    bundle: Path,
    report: Path | None = None,
    known_until: int | None = None,
    parents: tuple[str, ...] = (),
) -> dict[str, float]:
    """Write the bundle: how long that took, for the record of the stage.

    The arguments are parts of `BundleParts`.
    """
    start = time.perf_counter()
    material = done.material
    parts = BundleParts(
        config=material.config,
        dataset=material.dataset,
        encoder=done.encoder,
        retriever=done.two_tower,
        ranker=done.ranker,
        metrics=metrics,
        queries=query_embeddings(done.two_tower, material, evaluation.test_queries(material)),
        report=report,
        known_until=known_until,
        parents=parents,
    )
    write_bundle(parts, bundle)
    return {"seconds": time.perf_counter() - start}
