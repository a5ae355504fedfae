"""The comparison: round after round, each policy on its own log, each round kept when it ends."""

import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console

from configs.run import RunConfig
from tfrs_models.durable import remove_unfinished
from trainers.feedback.experiment import (
    Experiment,
    Size,
    begin,
    experiment_folder,
    world_options,
)
from trainers.feedback.measures import Measure, measure
from trainers.feedback.panel import ALL, GroupBy, groups
from trainers.feedback.plot import write_plot
from trainers.feedback.policies import Policy
from trainers.feedback.report import write_csv
from trainers.feedback.rounds import SCRATCH, load_round, play, round_folder
from trainers.folders import CONFIG, locked, write_json


def compare(
    config: RunConfig,
    policies: Sequence[Policy],
    rounds: int,
    size: Size,
    by: GroupBy,
    artifacts: Path,
    console: Console,
) -> tuple[Path, list[Measure]]:
    """Play what is left of the rounds; a comparison that was killed goes on where it stopped.

    Args:
        config: of the run.
        policies: who is compared.
        rounds: how many, those of earlier calls included.
        size: how large the experiment is.
        by: the attribute of users that groups are formed by, beside activity.
        artifacts: where everything lies.
        console: is told of each round.

    Returns:
        The folder, and all measures: `feedback.csv` and `feedback.png` lie there.

    Raises:
        BusyError: another process works on the same comparison.
        TfrsError: a setting or the data are wrong.
    """
    world_options(config, size.k)
    folder = experiment_folder(artifacts, config, size)
    with locked(folder):
        remove_unfinished(folder)
        shutil.rmtree(folder / SCRATCH, ignore_errors=True)
        write_json(folder / CONFIG, config.model_dump(mode="json"))
        experiment = begin(config, size, artifacts, folder)
        measures = list(_play_all(experiment, policies, rounds, by, console))
        measures.sort(key=lambda m: (_place(policies, m), m.round))
        write_csv(measures, folder)
        write_plot(measures, folder)
    return folder, measures


def _place(policies: Sequence[Policy], of: Measure) -> int:
    return [policy.name for policy in policies].index(of.policy)


def _play_all(
    experiment: Experiment,
    policies: Sequence[Policy],
    rounds: int,
    by: GroupBy,
    console: Console,
) -> Iterator[Measure]:
    parts = groups(experiment.world, experiment.panel, by)
    console.print(f"{len(experiment.panel):,} users, {rounds} rounds, in {experiment.folder}")
    for number in range(1, rounds + 1):
        for policy in policies:
            start = time.perf_counter()
            folder = round_folder(experiment, policy, number)
            if not folder.exists():
                remove_unfinished(folder.parent)
                play(experiment, policy, number)
            played = load_round(folder)
            first = load_round(round_folder(experiment, policy, 1))
            found = list(measure(experiment, parts, policy.name, number, played, first))
            yield from found
            seconds = time.perf_counter() - start
            console.print(_line(found, number, rounds, seconds), markup=False, highlight=False)


def _line(found: Sequence[Measure], number: int, rounds: int, seconds: float) -> str:
    value = {m.metric: m.value for m in found if m.group == ALL}
    return (
        f"round {number} of {rounds}  {found[0].policy}: {value['clicks']:.3f} clicks a list, "
        f"regret {value['regret']:.3f}, coverage {value['coverage']:.3f} ({seconds:.1f} s)"
    )
