"""Kill publishing at any moment; whoever opens the stable version finds a whole one."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support import publishing
from support.publishing import FILES, make_bundle

from exports.manifest import verify
from exports.publishing.layout import version_folders
from exports.publishing.ledger import read_ledger
from exports.publishing.reader import opened
from exports.publishing.store import publish
from exports.publishing.tensorflow_serving import models_config

KILLS = 100
LATEST_KILL_SECONDS = 0.2
HELD_SECONDS = (0.0, 0.002, 0.3)  # the last sees several versions published meanwhile


class Reader(threading.Thread):
    """Opens the stable version again and again, and keeps what it saw and what went wrong."""

    def __init__(self, base: Path, held_seconds: float, end: threading.Event) -> None:
        super().__init__()
        self.base, self.held_seconds, self.end = base, held_seconds, end
        self.faults: list[str] = []
        self.seen: set[tuple[int, str]] = set()

    def run(self) -> None:
        while not self.end.is_set():
            try:
                self.read()
            except Exception as error:
                self.faults.append(repr(error))

    def read(self) -> None:
        with opened(self.base, "shop") as (folder, version):
            texts = {(folder / file).read_text() for file in FILES}
            time.sleep(self.held_seconds)
            verify(folder)
        if len(texts) != 1:
            self.faults.append(f"version {version} mixes {len(texts)} bundles")
        self.seen.add((version, texts.pop()[0]))


@contextmanager
def writers(base: Path, bundles: list[Path]) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-P", publishing.__file__, str(base), *map(str, bundles)]
    path = os.pathsep.join(str(Path(entry).resolve()) for entry in sys.path)
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    ) as host:
        yield host
        assert host.stdin is not None
        host.stdin.close()


def kill_one(host: "subprocess.Popen[str]", seconds: float) -> int:
    """Start a writer and SIGKILL it after a time: how it ended."""
    assert host.stdin is not None
    assert host.stdout is not None
    print(file=host.stdin, flush=True)
    process = int(host.stdout.readline())
    time.sleep(seconds)
    os.kill(process, signal.SIGKILL)
    return os.waitstatus_to_exitcode(int(host.stdout.readline()))


def leftovers(folder: Path) -> list[str]:
    """What a writer that died has left: unfinished files, and versions that no record names."""
    published = read_ledger(folder).published
    lost = [path for version, path in version_folders(folder).items() if version not in published]
    return [path.name for path in [*folder.glob(".unfinished-*"), *lost]]


@pytest.mark.slow
def test_readers_find_whole_versions_while_writers_are_killed(tmp_path: Path) -> None:
    base, folder = tmp_path / "base", tmp_path / "base" / "shop"
    bundles = [make_bundle(tmp_path / text, text, repeat=20_000) for text in "abc"]
    publish(bundles[0], base)
    moments = random.Random(20)
    end = threading.Event()
    readers = [Reader(base, seconds, end) for seconds in HELD_SECONDS]
    for reader in readers:
        reader.start()
    left = 0
    try:
        with writers(base, bundles) as host:
            for _ in range(KILLS):
                ended = kill_one(host, moments.uniform(0, LATEST_KILL_SECONDS))
                assert ended == -signal.SIGKILL
                left += bool(leftovers(folder))
    finally:
        end.set()
        for reader in readers:
            reader.join()

    assert [fault for reader in readers for fault in reader.faults] == []
    seen = sorted({pair for reader in readers for pair in reader.seen})
    assert len(seen) > 10  # the readers did see versions come and go
    assert len({version for version, _ in seen}) == len(seen)  # a number names one bundle
    assert left >= KILLS / 20  # many died in the middle of something
    last = read_ledger(folder).last
    final = publish(make_bundle(tmp_path / "d", "d"), base, keep=1)
    assert final > last
    assert leftovers(folder) == []
    assert (base / "models.config").read_text() == models_config(base, str(base))
