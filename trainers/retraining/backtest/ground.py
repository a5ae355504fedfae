"""What all policies of a backtest share: the log, its steps, and where everything lies.

<artifacts>/backtests/
  log-<16 digits>/               the valid events, items and users of a source
  <name>-<8 digits>/             one backtest
    events/                      the log, cut at the steps
    models/<training>/           features and weights of a training
    scores/<training>/<step>     metrics of its model by user
    backtest.json, backtest.html
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from configs.errors import ConfigError, DataError
from configs.run import RunConfig
from configs.run import fingerprint as fingerprint_of_config
from tfrs_models import durable
from tfrs_models.data.prepare import NAME_LENGTH, fingerprint
from tfrs_models.data.times import to_iso
from trainers.retraining.backtest.log import (
    cut_name,
    last_event,
    positives,
    read_columns,
    write_log,
)
from trainers.retraining.backtest.schedule import Training
from trainers.retraining.backtest.steps import Asked, Step, plan_steps

EVENTS = "events"
_FORMAT = 1
"""Raised with every change of the command that changes what its options give."""
_OTHER_CUTS = ("test_days", "test_share", "test_start")


@dataclass(frozen=True)
class Ground:
    """The common ground.

    Attributes:
        config: of the run, as the user wrote it.
        log: folder of the valid events.
        folder: of the backtest.
        planned: all steps.
        console: is told of the progress.
    """

    config: RunConfig
    log: Path
    folder: Path
    planned: Sequence[Step]
    console: Console

    def model(self, training: str) -> Path:
        """The folder of a training."""
        return self.folder / "models" / training

    def scores(self, training: Training, step: Step) -> Path:
        """The metrics of a training's model in a step."""
        return self.folder / "scores" / training.name / f"{step.number:04}.parquet"

    @property
    def scratch(self) -> Path:
        """Prepared datasets, which go when they are used."""
        return self.folder / "scratch"


def survey(config: RunConfig, asked: Asked, artifacts: Path, console: Console) -> Ground:
    """Write the log, unless it is there, and plan the steps.

    Raises:
        ConfigError: the split is not one in time, or its validation is a fixed time.
        DataError: the data break a rule.
    """
    _check_split(config)
    data = fingerprint(config.data, config.seed)
    home = artifacts / "backtests"
    log = home / f"log-{data[:NAME_LENGTH]}"
    with durable.locked(home):
        durable.remove_unfinished(home)
        write_log(config.data, config.seed, log)
    planned = plan_steps(asked, last_event(log))
    folder = home / f"{config.name}-{_digest(config, data, planned)}"
    return Ground(config, log, folder, planned, console)


def _check_split(config: RunConfig) -> None:
    split = config.data.split
    if split.type != "global_temporal":
        raise ConfigError(
            "`data.split.type` must be `global_temporal` for a backtest, received "
            f"`{split.type}`: each model learns what lies before a moment. Add "
            "`--set data.split.type=global_temporal`."
        )
    if dict(split.options).get("validation_start") is not None:
        raise ConfigError(
            "`data.split.options.validation_start` must be missing for a backtest, received "
            f"`{dict(split.options)['validation_start']}`: the time of validation moves with the "
            "steps. Give its length, `validation_days`."
        )


def _digest(config: RunConfig, data: str, planned: Sequence[Step]) -> str:
    """Other settings, other data or other steps are another backtest."""
    warm = config.retraining.warm.model_dump_json()
    text = f"{_FORMAT} {fingerprint_of_config(config)} {warm} {data} {planned}"
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def steps_with_events(ground: Ground) -> list[Step]:
    """The steps in which there is something to find; on other days a shop was closed.

    Raises:
        DataError: there is nothing to learn from, or nothing to find.
    """
    before, *found = positives(ground.log, ground.planned)
    steps = [step for step, number in zip(ground.planned, found, strict=True) if number]
    if not before or not steps:
        first, last = ground.planned[0], ground.planned[-1]
        raise DataError(
            f"there are {before:,} positive events before the first step, {to_iso(first.start)}, "
            f"and {sum(found):,} in the steps, which end at {to_iso(last.end)}: both are needed. "
            "Move the steps with `--start`, `--end`, `--steps` or `--every`."
        )
    return steps


def config_at(ground: Ground, step: Step) -> RunConfig:
    """The run whose data end with a step, and whose test part is the step.

    So nothing of the step is learned, and nothing that comes later exists.
    """
    config = ground.config
    data = config.data.model_dump(mode="json")
    data |= {"source": "files", "files": _files(ground, step), "split": _split(config, step)}
    return RunConfig.model_validate({**config.model_dump(mode="json"), "data": data})


def _files(ground: Ground, step: Step) -> dict[str, Any]:
    events = [ground.folder / EVENTS / cut_name(number) for number in range(step.number + 1)]
    tables = {name: ground.log / f"{name}.parquet" for name in ("items", "users")}
    columns = read_columns(ground.log)
    return {
        "events": [str(path) for path in events],
        **{name: str(path) for name, path in tables.items() if path.exists()},
        "item_columns": columns.item_columns,
        "user_columns": columns.user_columns,
    }


def _split(config: RunConfig, step: Step) -> Mapping[str, Any]:
    given = dict(config.data.split.options)
    kept = {name: value for name, value in given.items() if name not in _OTHER_CUTS}
    return {"type": "global_temporal", "options": kept | {"test_start": to_iso(step.start)}}
