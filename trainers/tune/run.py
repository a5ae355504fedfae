"""The search itself: one trial after the other, each kept when it ends."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from tfrs_models.data.prepare import fingerprint
from tfrs_models.durable import remove_unfinished
from trainers.folders import locked
from trainers.retrieval import Material
from trainers.run import make_deterministic, prepared
from trainers.tune.plot import write_plot
from trainers.tune.record import Curve, Report, Trial
from trainers.tune.report import best_trial, label, write_reports
from trainers.tune.search import Search, check_same, read_trials, search_folder, write_trials
from trainers.tune.study import DRAWS, median_rule, propose
from trainers.tune.trial import train_trial, try_settings


@dataclass(frozen=True)
class Limits:
    """When a search ends.

    Attributes:
        trials: trials in all, those of earlier calls included.
        seconds: of this call; no trial but the first of all begins later.
    """

    trials: int
    seconds: float


def run_search(
    search: Search, artifacts: Path, limits: Limits, console: Console
) -> tuple[Trial, ...]:
    """Try settings until a limit is met; a search that was killed goes on where it stopped.

    The test events are not read. A trial that was running when the process ended is run again,
    with the same settings.

    Raises:
        BusyError: another process does the same search.
        ArtifactError: the search in the folder began with other settings, space or data.
        TfrsError: the configuration as it stands cannot be trained.
    """
    data = fingerprint(search.config.data, search.config.seed)
    folder = search_folder(artifacts, search.config)
    with locked(folder):
        remove_unfinished(folder)
        check_same(folder, search, data)
        make_deterministic(search.config.seed)
        material, _ = prepared(search.config, artifacts, folder, console)
        trials = _run_trials(search, material, folder, limits, console)
        write_reports(search, trials, folder)
        write_plot(search, trials, folder)
    return trials


def _run_trials(
    search: Search, material: Material, folder: Path, limits: Limits, console: Console
) -> tuple[Trial, ...]:
    trials = read_trials(folder)
    end = time.monotonic() + limits.seconds
    while not trials or (len(trials) < limits.trials and time.monotonic() < end):
        settings = propose(search.parameters, search.seed, trials)
        if settings is None:
            console.print(f"{DRAWS} draws from the space gave nothing new: the search ends.")
            break
        with console.status(f"trial {len(trials)}") as status:
            report = _reporting(search, trials, status.update)
            trial = _run_trial(trials, settings, material, folder / "trial", report)
        trials = (*trials, trial)
        write_trials(folder, trials)
        write_reports(search, trials, folder)
        console.print(_line(search, trials), markup=False, highlight=False, soft_wrap=True)
    return trials


def _run_trial(
    trials: Sequence[Trial],
    settings: Mapping[str, Any],
    material: Material,
    folder: Path,
    report: Report,
) -> Trial:
    """The configuration as it stands has to train; another trial may fail."""
    train = try_settings if trials else train_trial
    return train(len(trials), settings, material, folder, report)


def _reporting(search: Search, trials: Sequence[Trial], show: Callable[[str], None]) -> Report:
    rule = median_rule(trials)

    def report(curve: Curve) -> None:
        epoch, metric = curve[-1]
        show(f"trial {len(trials)}, epoch {epoch}: {search.metric} {metric:.4f}")
        rule(curve)

    return report


def _line(search: Search, trials: Sequence[Trial]) -> str:
    trial, best = trials[-1], best_trial(trials)
    settings = label(search, trial)
    if trial.state == "failed":
        return f"trial {trial.number}: failed: {trial.reason}  {settings}"
    ended = "" if trial.state == "complete" else f", pruned after epoch {trial.curve[-1][0]}"
    return (
        f"trial {trial.number}: {search.metric} {trial.score:.4f}{ended} (best {best.score:.4f}, "
        f"trial {best.number}), {trial.seconds:.1f} s  {settings}"
    )
