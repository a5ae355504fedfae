"""Who may retrain a model when several want to."""

import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support.retraining_processes import Retraining

from trainers.folders import BusyError
from trainers.retraining.end import NOTHING_NEW, REJECTED

BUSY = BusyError.exit_code
PAIRS = 50


@pytest.mark.slow
def test_of_two_runs_at_once_one_works_and_the_other_says_that_it_is_busy(
    copied: Retraining,
) -> None:
    for _ in range(PAIRS):
        pair = [copied.start() for _ in range(2)]
        ended = [copied.host.wait(process) for process in pair]
        codes = [one.code for one in ended]
        # Work without new events is so short that the second may begin after its end.
        said = [one.output for one in ended]
        assert sorted(codes) in ([NOTHING_NEW, BUSY], [NOTHING_NEW] * 2), said


@pytest.mark.slow
def test_while_one_works_no_other_does(copied: Retraining) -> None:
    with waiting_in_a_hook(copied) as (working, _):
        assert [copied.run().code for _ in range(PAIRS)] == [BUSY] * PAIRS
    assert copied.host.wait(working).code == REJECTED  # its hook has given no answer


@pytest.mark.slow
def test_the_lock_is_free_as_soon_as_its_holder_is_killed(copied: Retraining) -> None:
    with waiting_in_a_hook(copied) as (working, hook):
        assert not is_free(copied.state / ".lock")
        os.kill(working, signal.SIGKILL)
        copied.host.wait(working)
        assert is_free(copied.state / ".lock")
        os.kill(hook, 0)  # though the hook lives on


@pytest.mark.slow
def test_what_a_hook_leaves_running_does_not_hold_the_lock(copied: Retraining) -> None:
    told = copied.shop.folder / "told"
    copied.shop.bring(24, 27)
    script = f"setsid sleep 600 > {told}.out 2>&1 & echo $! > {told}; exit 10"
    assert copied.run(**asked(script)).code == REJECTED
    left = number_in(told)
    assert is_free(copied.state / ".lock")
    os.kill(left, signal.SIGKILL)  # it was still there


@contextmanager
def waiting_in_a_hook(retraining: Retraining) -> Iterator[tuple[int, int]]:
    """The numbers of a run that waits for a hook's answer before it trains, and of the hook."""
    told = retraining.shop.folder / "told"
    retraining.shop.bring(24, 27)
    working = retraining.start(**asked(f"echo $$ > {told}; sleep 600"))
    hook = number_in(told)
    try:
        yield working, hook
    finally:
        os.killpg(hook, signal.SIGKILL)


def asked(script: str) -> dict[str, Any]:
    """Settings with a shell script that may forbid the training."""
    options = {"command": ["sh", "-c", script], "timeout_seconds": 600}
    hook = {"type": "command", "events": ["pre_train"], "may_veto": True, "options": options}
    return {"retraining": {"hooks": [hook]}}


def number_in(path: Path) -> int:
    """What a script writes into a file, as soon as it is there."""
    while not (path.exists() and path.read_text().endswith("\n")):
        time.sleep(0.01)
    return int(path.read_text())


def is_free(lock: Path) -> bool:
    """Whether nobody holds a lock."""
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
