"""Write the bundle of a finished run again, with settings that need no training."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console

from configs.errors import ArtifactError, ConfigError
from configs.load import overridden
from configs.run import RunConfig
from exports.manifest import NAME as MANIFEST
from exports.runs import BUNDLE
from tfrs_models.durable import UNFINISHED, remove_unfinished
from trainers import run
from trainers.evaluation import EXPORT, METRICS_FILE
from trainers.folders import check_done, load_run_config, locked
from trainers.report.page import REPORT_FILE

_OPEN = ("export", "ranking.score", "reranking")


def export_run(
    folder: Path,
    overrides: Sequence[str],
    target: Path | None,
    artifacts: Path,
    console: Console,
) -> Path:
    """Write the bundle of a run again; the run's own settings and records stay.

    The metrics of the bundle are those of the run, without the ones that the settings change; the
    report is in it only when there are none of those.

    Args:
        folder: of the run.
        overrides: `key.path=value`, of `export`, `ranking.score` and `reranking` alone.
        target: folder of the bundle, replaced whole; the run's `bundle` when None.
        artifacts: the folder that `tfrs train` writes to.
        console: is told of the progress.

    Returns:
        The folder of the bundle.

    Raises:
        ArtifactError: the run is not finished, or the bundle cannot be written, see `write_bundle`.
        ConfigError: a setting is wrong or needs training, or `target` holds something else.
        BusyError: another process works in the run.
    """
    _check_open(overrides)
    with locked(folder):
        check_done(folder / EXPORT)
        remove_unfinished(folder)
        bundle = folder / BUNDLE if target is None else target
        _check_target(bundle)
        before = load_run_config(folder)
        config = overridden(before, overrides)
        metrics = json.loads((folder / METRICS_FILE).read_text(encoding="utf-8"))
        true = still_true(metrics, before, config)
        page = folder / REPORT_FILE
        report = page if true == metrics and page.is_file() else None  # it shows all metrics
        trained = run.train(config, artifacts, folder, console)
        console.print("[bold]Exporting[/bold]")
        run.export(trained, true, bundle, report)
    return bundle


def still_true(
    metrics: Mapping[str, float], before: RunConfig, after: RunConfig
) -> dict[str, float]:
    """The metrics without those of systems whose order another score or re-ranking changes."""
    changed: set[str] = set()
    if after.ranking.score != before.ranking.score:
        changed |= {"two_stage", "reranked", "candidates"}
    if after.reranking != before.reranking:
        changed |= {"reranked"}
    return {key: one for key, one in metrics.items() if not changed & {*re.split(r"[.-]", key)}}


def _check_open(overrides: Sequence[str]) -> None:
    for text in overrides:
        key = text.partition("=")[0].strip()
        if not any(key == one or key.startswith(f"{one}.") for one in _OPEN):
            raise ConfigError(
                f"`--set` of `tfrs export` takes settings that need no training: `export.*`, "
                f"`ranking.score` and `reranking.*`; received `{key}`. Train another run with "
                f"`tfrs train --set {text}`."
            )


def _check_target(folder: Path) -> None:
    """What lies there is replaced, so it must be a bundle, or nothing."""
    if folder.exists() and not (folder.is_dir() and _is_replaceable(folder)):
        raise ConfigError(
            f"`--to` must be a new folder, an empty one or a bundle, which is replaced whole; "
            f"`{folder}` holds something else: give another folder."
        )
    unfinished = folder.parent / f"{UNFINISHED}{folder.name}"
    if unfinished.exists():
        raise ArtifactError(
            f"`{unfinished}` is there: another process writes this bundle, or one that did was "
            "stopped. Wait for it, or delete that folder."
        )


def _is_replaceable(folder: Path) -> bool:
    return (folder / MANIFEST).is_file() or not any(folder.iterdir())
