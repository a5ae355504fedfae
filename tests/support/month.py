"""A shop whose log grows by a day each night, and what its ledger should say of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from support.forked import Ended, Fault
from support.hooks import shell
from support.retraining_processes import NAME, Retraining

from configs.hooks import HookConfig
from trainers.retraining.end import PUBLISHED

FIRST_DAYS, NIGHTS = 14, 30
WORLD = {"days": FIRST_DAYS + NIGHTS, "sessions_per_user": 18.0}
SETTINGS = {
    "policy": "warm_then_weekly_full",
    "full_every_days": 6.5,  # a week, but for the hours between the last events of two days
    "intake": {"allowed_lateness_hours": 30},
}
RANKING = {"enabled": False}
"""Thirty nights are enough to wait for with one stage."""

Change = Callable[[pa.Table], pa.Table]


@dataclass
class Month:
    """What has come, and what should have become of it.

    Attributes:
        retraining: the shop.
        day: of the log, from 0, that has just ended.
        waiting: files that no version has learned.
        expected: policy of each version, and the files that it was the first to learn.
    """

    retraining: Retraining
    day: int = FIRST_DAYS
    waiting: list[str] = field(default_factory=list)
    expected: list[tuple[str, list[str]]] = field(default_factory=list)

    @property
    def told(self) -> Path:
        """What hooks were told, a line each."""
        return self.retraining.shop.folder / "told.jsonl"

    def comes(self, change: Change = lambda events: events, first: int | None = None) -> Path:
        """The file of the day, or one of several days.

        Args:
            change: of its events.
            first: day of its first events; the day itself when missing.
        """
        start = self.day if first is None else first
        path = self.retraining.shop.bring(start, self.day + 1, f"{self.day}.parquet")
        pq.write_table(change(pq.read_table(path)), path)
        self.waiting.append(path.name)
        return path

    def start(self, *hooks: HookConfig, fault: Fault | None = None, **settings: Any) -> int:
        """Start a process; a hook of its own writes down what it is told."""
        listening = shell(f"cat >> {self.told}; echo >> {self.told}", "on_publish", "on_rollback")
        every = [one.model_dump(mode="json") for one in (listening, *hooks)]
        own = {**SETTINGS, "hooks": every}
        return self.retraining.start(fault, retraining=own, ranking=RANKING, **settings)

    def ends(self, code: int, *hooks: HookConfig, **settings: Any) -> Ended:
        """Run a process, which ends with the code."""
        ended = self.retraining.host.wait(self.start(*hooks, **settings))
        assert ended.code == code, f"day {self.day}: {ended.output}"
        return ended

    def publishes(self, policy: str = "warm", *hooks: HookConfig) -> None:
        """Run a process that publishes a version, which has learned all that waits."""
        said = self.ends(PUBLISHED, *hooks).output
        assert f"{policy.capitalize()} training" in said, f"day {self.day}: {said}"
        self.learned(policy)

    def learned(self, policy: str = "warm") -> None:
        """A version has learned all that waited."""
        self.expected.append((policy, self.waiting))
        self.waiting = []

    def asks(self, *words: object) -> None:
        """Another command, which succeeds."""
        place = self.retraining.shop.artifacts
        ended = self.retraining.host.run(*words, root=place)
        assert ended.code == 0, ended.output

    def withdraws(self, path: Path) -> None:
        """Take a file back."""
        words = ("--artifacts", self.retraining.shop.artifacts, "--reason", "a wrong export")
        self.asks("shard", "withdraw", path.name, NAME, *words)
        self.waiting.remove(path.name)
