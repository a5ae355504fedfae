"""The backtest: step after step, each policy is scored on the step before it may learn it."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from configs.run import RunConfig
from tfrs_models.durable import remove_unfinished
from trainers.folders import CONFIG, locked, write_json
from trainers.retraining.backtest.ground import EVENTS, Ground, steps_with_events, survey
from trainers.retraining.backtest.log import cut
from trainers.retraining.backtest.models import train_model
from trainers.retraining.backtest.policies import Policy
from trainers.retraining.backtest.schedule import Training, age_days, schedule
from trainers.retraining.backtest.score import score_model
from trainers.retraining.backtest.scores import Scores
from trainers.retraining.backtest.steps import Asked, Step
from trainers.validation import check_metrics


@dataclass(frozen=True)
class Backtest:
    """What came of it.

    Attributes:
        config: of the run.
        folder: of the backtest.
        steps: those with events.
        plans: training of each step, by name of the policy, in the order given.
        seconds: of each training, by name.
        scores: by name of the training and number of the step.
    """

    config: RunConfig
    folder: Path
    steps: Sequence[Step]
    plans: Mapping[str, Sequence[Training]]
    seconds: Mapping[str, float]
    scores: Mapping[tuple[str, int], Scores]


def backtest(
    config: RunConfig,
    policies: Sequence[Policy],
    asked: Asked,
    artifacts: Path,
    console: Console,
) -> Backtest:
    """Do what is left of a backtest; one that was killed goes on where it stopped.

    Args:
        config: of the run.
        policies: who is compared.
        asked: which steps.
        artifacts: where everything lies.
        console: is told of the progress.

    Raises:
        BusyError: another process does the same backtest.
        TfrsError: a setting or the data are wrong.
    """
    check_metrics(config)
    ground = survey(config, asked, artifacts, console)
    steps = steps_with_events(ground)
    with locked(ground.folder):
        remove_unfinished(ground.folder)
        shutil.rmtree(ground.scratch, ignore_errors=True)
        write_json(ground.folder / CONFIG, config.model_dump(mode="json"))
        cut(ground.log, ground.planned, ground.folder / EVENTS)
        plans = {policy.name: schedule(policy, steps) for policy in policies}
        _tell(ground, steps)
        return _walk(ground, steps, plans)


def _walk(
    ground: Ground, steps: Sequence[Step], plans: Mapping[str, Sequence[Training]]
) -> Backtest:
    seconds: dict[str, float] = {}
    scores: dict[tuple[str, int], Scores] = {}
    for place, step in enumerate(steps):
        for training in {plan[place].name: plan[place] for plan in plans.values()}.values():
            if training.name not in seconds:
                seconds[training.name] = float(train_model(ground, training)["seconds"])
            found = score_model(ground, training, step)
            scores[training.name, step.number] = found
            ground.console.print(_line(training, step, found), markup=False, highlight=False)
    return Backtest(ground.config, ground.folder, steps, plans, seconds, scores)


def _tell(ground: Ground, steps: Sequence[Step]) -> None:
    empty = len(ground.planned) - len(steps)
    left_out = f", {empty} without positive events are left out" if empty else ""
    ground.console.print(
        f"{len(ground.planned)} steps from {ground.planned[0].day}{left_out}; in {ground.folder}"
    )


def _line(training: Training, step: Step, found: Scores) -> str:
    values = found.metrics.items()
    means = ", ".join(f"{name} {one.mean():.4f}" for name, one in values if len(one))
    age = f"{age_days(training, step):g} days old"
    return f"step {step.number} {step.day}  {training.name}, {age}: {means or 'nobody to ask'}"
