"""`tfrs` in processes forked from one that has imported everything, and faults that befall them.

Importing TensorFlow takes five seconds; a fork of a process that has done so takes none.
"""

import errno
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import Any, Literal

_CHANGES = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.truncate", "os.link")
_GROWS = ("os.mkdir", "os.rename", "open")
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_SQL = ("BEGIN", "COMMIT", "INSERT", "UPDATE", "DELETE", "CREATE")
_POLL_SECONDS = 0.005

Kind = Literal["kill", "full", "flush"]
Act = Callable[[str], None]
"""Told of each step: the name of an audit event, `fsync` or `sql`."""


@dataclass(frozen=True)
class Fault:
    """What befalls a process when it takes a step that changes the disk.

    Steps are changes of files and folders below the artifacts, flushes, and statements that write
    to SQLite, each counted just before it is taken.

    Attributes:
        kind: `kill` ends the process; `full` lets all that needs space fail from then on, and
            `flush` all flushes.
        step: the first step that is hit, from 1.
    """

    kind: Kind
    step: int


@dataclass(frozen=True)
class Ended:
    """How a process has ended.

    Attributes:
        code: the exit code; negative is the signal that ended it.
        output: what it has printed.
    """

    code: int
    output: str


class Host:
    """Starts processes. Made by `host`."""

    def __init__(self, process: "subprocess.Popen[str]", outputs: Path) -> None:
        self._process = process
        self._outputs = outputs

    def start(self, *arguments: object, root: Path, fault: Fault | None = None) -> int:
        """Start `tfrs` with arguments: the number of the process.

        Args:
            arguments: of the command line.
            root: steps below this folder count.
            fault: befalls it.
        """
        return self._ask(
            arguments=[str(one) for one in arguments],
            root=str(root),
            outputs=str(self._outputs),
            fault=None if fault is None else asdict(fault),
        )

    def wait(self, process: int, limit: float | None = None) -> Ended:
        """Wait for the end of a process, and end it by SIGKILL after `limit` seconds."""
        code = self._ask(wait=process, limit=limit)
        return Ended(code, _output(self._outputs, process).read_text())

    def run(self, *arguments: object, root: Path, fault: Fault | None = None) -> Ended:
        """Start, and wait."""
        return self.wait(self.start(*arguments, root=root, fault=fault))

    def _ask(self, **question: Any) -> int:
        pipes = self._process.stdin, self._process.stdout
        assert pipes[0] is not None
        assert pipes[1] is not None
        print(json.dumps(question), file=pipes[0], flush=True)
        return int(pipes[1].readline())


@contextmanager
def host(outputs: Path) -> Iterator[Host]:
    """A process that has imported what `tfrs retrain` needs, and forks when it is asked to.

    Args:
        outputs: folder for what the forked ones print.
    """
    path = os.pathsep.join(str(Path(entry).resolve()) for entry in sys.path)
    with subprocess.Popen(
        [sys.executable, "-P", __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    ) as process:
        yield Host(process, outputs)
        assert process.stdin is not None
        process.stdin.close()


def _output(outputs: Path, process: int) -> Path:
    return outputs / f"{process}.txt"


def _answer(question: Mapping[str, Any]) -> int:
    if "wait" in question:
        return _ended(question["wait"], question["limit"])
    process = os.fork()
    if process == 0:
        _become(**question)
    _output(Path(question["outputs"]), process).touch()
    return process


def _ended(process: int, limit: float | None) -> int:
    """Only the parent may kill: until it has waited, the number is no other process's."""
    end = None if limit is None else time.monotonic() + limit
    while end is not None and time.monotonic() < end:
        found, status = os.waitpid(process, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(_POLL_SECONDS)
    if end is not None:
        os.kill(process, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def _become(arguments: list[str], root: str, outputs: str, fault: Mapping[str, Any] | None) -> None:
    """Become `tfrs`; does not return."""
    from tfrs_models.cli import main

    output = os.open(_output(Path(outputs), os.getpid()), os.O_WRONLY | os.O_CREAT, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, own in enumerate((nothing, output, output)):
        os.dup2(own, number)
    code = 70
    try:
        if fault is not None:
            _watch(root, _act(Fault(**fault)))
        code = main(arguments)
        sys.stdout.flush()
    finally:
        os._exit(code)


def _act(fault: Fault) -> Act:
    numbers = count(1)

    def act(step: str) -> None:
        if next(numbers) < fault.step:
            return
        if fault.kind == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if fault.kind == "full" and step in _GROWS:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if fault.kind == "flush" and step == "fsync":
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    return act


def _watch(root: str, act: Act) -> None:
    """Tell of each step before it is taken. An error from there takes the step's place."""
    sync: Callable[[Any], None] = os.fsync
    connect: Callable[..., sqlite3.Connection] = sqlite3.connect

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        changes = event in _CHANGES or (
            event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITES
        )
        if changes and str(arguments[0]).startswith(root):
            act(event)

    def watched_sync(descriptor: Any) -> None:
        if str(Path(f"/proc/self/fd/{descriptor}").readlink()).startswith(root):
            act("fsync")
        sync(descriptor)

    def watched_connect(path: object, *arguments: Any, **options: Any) -> sqlite3.Connection:
        connection = connect(path, *arguments, **options)
        if str(path).startswith(root):
            connection.set_trace_callback(told)
        return connection

    def told(statement: str) -> None:
        if statement.strip().startswith(_SQL):
            act("sql")

    sys.addaudithook(hook)
    os.fsync = watched_sync
    sqlite3.connect = watched_connect  # type: ignore[assignment]


def _import_everything() -> None:
    import duckdb  # noqa: F401
    import matplotlib.figure
    import pyarrow.parquet  # noqa: F401

    import tfrs_models.cli
    import trainers.retraining.commands
    import trainers.retraining.cycle
    from tfrs_models.backend import tf

    _ = (matplotlib, trainers, tfrs_models, tf.Module)


def main() -> None:
    """Answer questions, one a line."""
    _import_everything()
    for line in sys.stdin:
        print(_answer(json.loads(line)), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
