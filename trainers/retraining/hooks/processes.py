"""Child processes that get a text, a time limit, and no memory of ours to fill."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread
from typing import IO

from trainers.retraining.hooks.outcomes import HookFailed, Veto

VETO_EXIT_CODE = 10
"""The exit code by which a child vetoes."""
KEPT_BYTES = 1 << 16
"""Of each output the end is kept."""

_BLOCK_BYTES = 1 << 16
_LAST_READ_SECONDS = 0.5


@dataclass(frozen=True)
class Finished:
    """How a child ended."""

    exit_code: int | None
    """Negative: the signal that ended it. None: it was stopped at the time limit."""
    stdout: str
    stderr: str


def run(
    command: Sequence[str],
    text: str,
    seconds: float,
    environment: Mapping[str, str] | None = None,
    grace_seconds: float = 5.0,
) -> Finished:
    """Run a command in a process group of its own; nothing of the group outlives the call.

    Args:
        command: program and arguments; no shell reads them.
        text: what the child may read from its standard input.
        seconds: after which the group gets SIGTERM.
        environment: all variables of the child; those of this process when None.
        grace_seconds: from SIGTERM to SIGKILL.

    Raises:
        HookFailed: the command cannot be started.
    """
    process = _start(command, environment)
    outputs = (bytearray(), bytearray())
    threads = [
        Thread(target=_write, args=(process.stdin, text.encode()), daemon=True),
        Thread(target=_keep_end, args=(process.stdout, outputs[0]), daemon=True),
        Thread(target=_keep_end, args=(process.stderr, outputs[1]), daemon=True),
    ]
    try:
        for thread in threads:
            thread.start()
        exit_code = _wait(process, seconds, grace_seconds)
    finally:
        _signal_group(process, signal.SIGKILL)
        process.wait()
    for thread in threads:
        # A descendant that left the group may hold a pipe open for as long as it likes.
        thread.join(_LAST_READ_SECONDS)
    return Finished(exit_code, *(bytes(end).decode(errors="replace") for end in outputs))


def judge(finished: Finished, seconds: float) -> None:
    """Return if the child says that all is well.

    Raises:
        Veto: it ended with `VETO_EXIT_CODE`; the last line of its output is the reason.
        HookFailed: it ended otherwise, or not within `seconds`.
    """
    if finished.exit_code is None:
        raise HookFailed(f"it did not end within {seconds:g} seconds and was stopped")
    if finished.exit_code == VETO_EXIT_CODE:
        raise Veto(_last_line(finished.stdout) or "without a reason")
    if finished.exit_code != 0:
        detail = _last_line(finished.stderr) or "it wrote nothing to its standard error"
        raise HookFailed(f"it ended with exit code {finished.exit_code}: {detail}")


def _start(
    command: Sequence[str], environment: Mapping[str, str] | None
) -> "subprocess.Popen[bytes]":
    pipe = subprocess.PIPE
    try:
        return subprocess.Popen(  # noqa: S603
            command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment, start_new_session=True
        )
    except OSError as error:
        raise HookFailed(f"its command cannot be started: {error.strerror}") from error


def _wait(process: "subprocess.Popen[bytes]", seconds: float, grace_seconds: float) -> int | None:
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        _signal_group(process, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(grace_seconds)
        return None


def _signal_group(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _write(pipe: IO[bytes], content: bytes) -> None:
    with suppress(BrokenPipeError), pipe:  # a child need not read what it is told
        pipe.write(content)


def _keep_end(pipe: IO[bytes], end: bytearray) -> None:
    """Read all, so that the child never waits, and keep the last `KEPT_BYTES`."""
    with pipe:
        while block := os.read(pipe.fileno(), _BLOCK_BYTES):
            end += block
            del end[:-KEPT_BYTES]


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else ""
