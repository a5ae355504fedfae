"""A small log of some days, and a backtest whose trainings and scores are made up."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from configs.run import RunConfig
from tfrs_models.data.times import DAY
from trainers.retraining.backtest import run
from trainers.retraining.backtest.policies import parse_policies
from trainers.retraining.backtest.run import Backtest, backtest
from trainers.retraining.backtest.schedule import Training
from trainers.retraining.backtest.scores import Scores
from trainers.retraining.backtest.steps import Asked, Step

START = 1_735_689_600_000_000
"""1 January 2025, microseconds."""
USERS = ("u1", "u2", "u3", "u4")
LOG_DAYS = 12


def write_events(path: Path, days: int = LOG_DAYS, closed: tuple[int, ...] = ()) -> Path:
    """Each user takes a new item each day at noon, but for days on which they only look."""
    rows = [
        (user, f"i{(day + place) % 20}", START + day * DAY + DAY // 2 + place, day in closed)
        for day in range(days)
        for place, user in enumerate(USERS)
    ]
    users, items, times, looks = zip(*rows, strict=True)
    kinds = ["look" if one else "buy" for one in looks]
    table = {
        "user_id": users,
        "item_id": items,
        "timestamp": pa.array(times, pa.timestamp("us")),
        "event_type": kinds,
        "colour": [f"c{item[1:]}" for item in items],
    }
    pq.write_table(pa.table(table), path)
    return path


def log_config(events: Path, **sections: Any) -> RunConfig:
    """A run on that file; looks are no positives."""
    data = {
        "source": "files",
        "files": {"events": str(events), "item_columns": ["colour"]},
        "events": {"weights": {"look": 0}},
        "split": {"type": "global_temporal", "options": {"validation_days": 2}},
    }
    return RunConfig.model_validate({"name": "days", "data": data, **sections})


@dataclass
class Calls:
    """What a backtest did, in order: `("train", "0001-full", 1)`, `("score", "0001-full", 2)`.

    Attributes:
        made: the calls.
        dies_after: calls before the process dies; None lets it live.
    """

    made: list[tuple[str, str, int]] = field(default_factory=list)
    dies_after: int | None = None

    def train(self, _: Any, training: Training) -> dict[str, float]:
        """Takes ten seconds, or three."""
        self._note("train", training.name, training.step.number)
        return {"seconds": 10.0 if training.kind == "full" else 3.0}

    def score(self, _: Any, training: Training, step: Step) -> Scores:
        """A model loses a tenth a day."""
        self._note("score", training.name, step.number)
        age = (step.start - training.step.start) / DAY
        values = np.full(len(USERS), 0.9 - 0.1 * age)
        names = (f"{s}.{m}" for s in ("retrieval", "two_stage") for m in ("ndcg@20", "recall@20"))
        return Scores(np.array(USERS, object), dict.fromkeys(names, values))

    def _note(self, *call: Any) -> None:
        if self.dies_after is not None and len(self.made) == self.dies_after:
            raise KeyboardInterrupt
        self.made.append(call)


@contextmanager
def made_up(calls: Calls) -> Iterator[None]:
    """Nothing is trained within."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "train_model", calls.train)
        patch.setattr(run, "score_model", calls.score)
        yield


def play(
    folder: Path, names: str, asked: Asked, calls: Calls, closed: tuple[int, ...] = ()
) -> Backtest:
    """A made-up backtest on the small log."""
    events = folder / "events.parquet"
    if not events.exists():
        write_events(events, closed=closed)
    policies = parse_policies(names, asked.every)
    with made_up(calls):
        return backtest(log_config(events), policies, asked, folder, Console(quiet=True))
