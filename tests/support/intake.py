"""A folder of event files, a log and a ledger, and the shortest way to take files in."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from support.ledgers import run

from configs.intake import IntakeConfig
from configs.run import RunConfig
from trainers.retraining.intake.take_in import Taken, take_in
from trainers.retraining.ledger import runs, shards

START = 1_600_000_000
"""Seconds since 1970 of the first event."""
NOW = START + 30 * 86_400
HEADER = "user,item,when,kind,price"
MAPPING = {"user_id": "user", "item_id": "item", "timestamp": "when", "event_type": "kind"}

Event = tuple[str, str, int, str, str]
"""User, item, seconds since `START`, type, price."""


def events(number: int, step: int = 600) -> list[Event]:
    """Events of 5 users and 7 items, `step` seconds apart; none equals another."""
    kinds = ("view", "purchase")
    return [
        (f"u{n % 5}", f"i{n * 3 % 7}", n * step, kinds[n % 3 == 0], str(n % 4))
        for n in range(number)
    ]


def csv(rows: Iterable[tuple[Any, ...]], header: str = HEADER) -> bytes:
    """A CSV file of events; the third cell counts from `START`."""
    lines = (",".join([u, i, str(START + t), *map(str, rest)]) for u, i, t, *rest in rows)
    return "\n".join([header, *lines, ""]).encode()


@dataclass
class Shop:
    """Where files come in."""

    folder: Path
    ledger: sqlite3.Connection

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def put(self, name: str, content: bytes | list[Event]) -> Path:
        """Write an event file."""
        path = self.folder / "raw" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else csv(content))
        return path

    def config(self, **files: Any) -> RunConfig:
        """A run that reads the files."""
        given = {
            "events": str(self.folder / "raw" / "*"),
            "event_table": {"columns": MAPPING},
            **files,
        }
        return RunConfig.model_validate({"data": {"source": "files", "files": given}})

    def take(self, now: float = NOW, files: dict[str, Any] | None = None, **settings: Any) -> Taken:
        """Take in what is there, in the run `r1`."""
        if runs.unfinished(self.ledger) is None:
            runs.begin(self.ledger, run(1))
        return take_in(
            self.config(**(files or {})),
            self.log,
            self.ledger,
            "r1",
            int(now * 1_000_000),
            IntakeConfig(**settings),
        )

    def accepted(self) -> list[Event]:
        """The events of the log, by sequence and as they lie there."""
        found: list[Event] = []
        for shard in shards.all_shards(self.ledger):
            rows = pq.read_table(self.log / f"{shard.stem}.parquet").to_pylist()
            assert {row["shard_sequence"] for row in rows} <= {shard.sequence}
            assert len(rows) == shard.accepted
            found += [
                (
                    row["user_id"],
                    row["item_id"],
                    int(row["timestamp"].timestamp()) - START,
                    row["event_type"],
                    row["price"],
                )
                for row in rows
            ]
        return found

    def aside(self, sequence: int) -> list[tuple[int, str]]:
        """Line and reason of each row of a shard that was put aside."""
        (path,) = (self.log / "quarantine").glob(f"{sequence:06d}-*.parquet")
        table: pa.Table = pq.read_table(path)
        return sorted((row["source_row"], row["reason"]) for row in table.to_pylist())

    def names(self) -> list[str]:
        """The files below the log, the lock left out."""
        found = self.log.rglob("*")
        return sorted(p.name for p in found if p.is_file() and p.name != ".lock")
