"""A tiny shop that is retrained as its log grows, a file of events at a time."""

import sqlite3
from collections.abc import Mapping
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from rich.console import Console
from support.shop_log import shop_config, write_log

from configs.run import RunConfig
from trainers.retraining.cycle import retrain
from trainers.retraining.end import Ended
from trainers.retraining.ledger.database import open_ledger
from trainers.retraining.state import ledger_path

DAY_US = 86_400_000_000
NOW = 1_750_000_000.0
"""June 2025, after all events of the shop."""
EASY: Mapping[str, Any] = {
    "gate": {
        "min_users": 10,
        "min_slice_users": 10_000,
        "metrics": {"recall@20": {"margin": 0.9}},
        "max_latency_ratio": None,
        "max_coverage_drop": None,
        "max_popularity_share_rise": None,
        "max_decline": None,
    }
}
"""Settings of a gate that lets what is nearly as good pass: 300 users prove little."""


@dataclass(frozen=True)
class Shop:
    """The shop's folder.

    Attributes:
        folder: holds the whole log, the files that have come, and the artifacts.
    """

    folder: Path

    @property
    def artifacts(self) -> Path:
        """Everything that runs produce."""
        return self.folder / "artifacts"

    def config(self, **retraining: Any) -> RunConfig:
        """The run, with settings of `retraining` laid over `EASY`."""
        config = shop_config(self.folder / "all", self.folder / "logs" / "*.parquet")
        settings = config.model_dump(mode="json") | {"retraining": {**EASY, **retraining}}
        settings["name"] = "shop"
        return RunConfig.model_validate(settings)

    def bring(self, first_day: int, last_day: int, name: str | None = None) -> Path:
        """A new file with the events of some days, the last one not included."""
        events = pq.read_table(self.folder / "all" / "events.parquet")
        start = pc.min(events["timestamp"])
        edges = (pa.scalar(day * DAY_US, pa.duration("us")) for day in (first_day, last_day))
        first, last = (pc.add(start, edge) for edge in edges)
        inside = pc.and_(
            pc.greater_equal(events["timestamp"], first), pc.less(events["timestamp"], last)
        )
        target = self.folder / "logs" / (name or f"{first_day:02}-{last_day:02}.parquet")
        target.parent.mkdir(exist_ok=True)
        pq.write_table(events.filter(inside), target)
        return target

    def ledger(self) -> "AbstractContextManager[sqlite3.Connection]":
        """The open ledger."""
        return closing(open_ledger(ledger_path(self.artifacts, "shop")))

    def retrain(self, config: RunConfig | None = None, **options: Any) -> Ended:
        """One run in this process, in June 2025."""
        settings = {"clock": lambda: NOW} | options
        return retrain(config or self.config(), self.artifacts, Console(quiet=True), **settings)


def open_shop(folder: Path, **world: Any) -> Shop:
    """A shop whose whole log is written and of which nothing has come yet."""
    write_log(folder / "all", **world)
    return Shop(folder)
