"""Retrain the tiny shop by `tfrs retrain`, in a process of its own."""

import shutil
import sqlite3
import threading
from collections import Counter
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from support.forked import Ended, Fault, Host
from support.retraining import Shop
from support.training import checkpoint, stored, write_config

from configs.load import changed
from exports.manifest import verify
from exports.publishing.layout import version_folders
from exports.publishing.ledger import read_ledger
from exports.publishing.reader import opened
from trainers.retraining.ledger import runs, shards, versions
from trainers.retraining.ledger.balance import check_balance
from trainers.retraining.ledger.database import open_ledger
from trainers.retraining.ledger.runs import Run

NAME = "shop"


@dataclass(frozen=True)
class Retraining:
    """The shop, and where its processes come from."""

    host: Host
    shop: Shop

    @property
    def state(self) -> Path:
        """The folder of all that retraining keeps."""
        return self.shop.artifacts / "retraining" / NAME

    @property
    def models(self) -> Path:
        """The base of published models."""
        return self.shop.artifacts / "models"

    @property
    def stable(self) -> int | None:
        """The version that is served."""
        return read_ledger(self.models / NAME).stable

    def start(self, fault: Fault | None = None, root: Path | None = None, **settings: Any) -> int:
        """Start `tfrs retrain`: the number of the process.

        Args:
            fault: befalls it.
            root: only steps below this folder count; all artifacts when missing.
            settings: of the run, a section each, laid over the shop's.
        """
        run = changed(self.shop.config(), settings)
        config = write_config(run, self.shop.folder / "shop.yaml")
        place = self.shop.artifacts
        words = ("retrain", "--config", config, "--artifacts", place)
        return self.host.start(*words, root=root or place, fault=fault)

    def run(self, fault: Fault | None = None, limit: float | None = None, **settings: Any) -> Ended:
        """Start, and wait for the end, which SIGKILL brings after `limit` seconds."""
        return self.host.wait(self.start(fault, **settings), limit)

    def run_until_published_to(self) -> Ended:
        """Run up to the first change of the published models, and end there by SIGKILL."""
        return self.host.wait(self.start(Fault("kill", 1), root=self.models))

    def save(self) -> None:
        """Keep the shop as it is, for `restore`."""
        shutil.copytree(self.shop.folder, self._saved)

    def restore(self) -> None:
        """Make the shop again as it was saved, in the same place."""
        shutil.rmtree(self.shop.folder)
        shutil.copytree(self._saved, self.shop.folder)

    @property
    def _saved(self) -> Path:
        return self.shop.folder.with_name("saved")

    def ledger(self) -> "AbstractContextManager[sqlite3.Connection]":
        """The open ledger."""
        return closing(open_ledger(self.state / "ledger.db"))

    def last_run(self) -> Run:
        """The run that began last."""
        with self.ledger() as ledger:
            return runs.latest(ledger, 1)[0]

    def learned(self) -> dict[str, NDArray[Any]]:
        """Every number that is served: weights, slots, exported models and index."""
        with self.ledger() as ledger:
            served = versions.get(ledger, self.stable or 0)
        folder = self.state / "runs" / served.run_id
        published = self.models / NAME / str(served.number)
        parts = {
            part: checkpoint(folder / part / "latest") for part in ("retrieval", "ranking/model")
        }
        for model in ("embed_query", "embed_candidate", "rank"):
            parts[model] = stored(str(published / "models" / model / "variables/variables"))
        found = {f"{part}/{name}": value for part, p in parts.items() for name, value in p.items()}
        return found | {"index": np.load(published / "index/exact/embeddings.npy")}


def assert_second_version_is_whole(retraining: Retraining) -> None:
    """Two versions were published, the later is served, and each has learned one shard."""
    folders = version_folders(retraining.models / NAME)
    for folder in folders.values():
        verify(folder)
    with retraining.ledger() as ledger:
        assert check_balance(ledger) == []
        assert shards.pending(ledger) == []
        # Numbers of interrupted publications are skipped.
        assert Counter(versions.learned_by(ledger).values()) == dict.fromkeys(folders, 1)
        assert retraining.stable == max(folders)
        states = Counter(run.state for run in runs.latest(ledger, 100))
    assert states["published"] == 2
    assert states["running"] == 0


class Reader(threading.Thread):
    """Opens the served version again and again, and keeps what it saw and what went wrong."""

    def __init__(self, base: Path, pause_seconds: float = 0.02) -> None:
        super().__init__()
        self._base, self._end, self._pause_seconds = base, threading.Event(), pause_seconds
        self.faults: list[str] = []
        self.seen: list[tuple[int, str]] = []

    def run(self) -> None:
        """Read until `stop`."""
        while not self._end.wait(self._pause_seconds):
            try:
                self._read()
            except Exception as error:
                self.faults.append(repr(error))

    def _read(self) -> None:
        with opened(self._base, NAME) as (folder, version):
            found = version, verify(folder).created
        if found not in self.seen:
            self.seen.append(found)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self.join()
