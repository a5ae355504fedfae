import os
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.hooks import event

from trainers.retraining.hooks import processes
from trainers.retraining.hooks.events import to_json
from trainers.retraining.hooks.outcomes import HookFailed, Veto
from trainers.retraining.hooks.types.command import Options, call


def run(script: str, seconds: float = 10.0) -> None:
    call(Options(command=("sh", "-c", script), timeout_seconds=seconds), event("pre_publish"))


def test_the_event_is_on_the_standard_input(tmp_path: Path):
    run(f"cat > {tmp_path}/got")
    assert (tmp_path / "got").read_text() == to_json(event("pre_publish"))


def test_no_shell_reads_the_arguments(tmp_path: Path):
    call(Options(command=("touch", f"{tmp_path}/$HOME; x")), event())
    assert [path.name for path in tmp_path.iterdir()] == ["$HOME; x"]


def test_exit_code_10_is_a_veto_with_the_last_line():
    with pytest.raises(Veto) as caught:
        run("echo looking; echo not on a Friday; exit 10")
    assert caught.value.reason == "not on a Friday"


def test_a_silent_veto_has_a_reason_too():
    with pytest.raises(Veto, match="without a reason"):
        run("exit 10")


def test_another_exit_code_is_a_failure_with_the_last_error():
    with pytest.raises(HookFailed, match="exit code 3: no disk"):
        run("echo first >&2; echo no disk >&2; exit 3")


def test_a_crash_is_a_failure():
    with pytest.raises(HookFailed, match="exit code -11"):
        run("kill -SEGV $$")


def test_a_missing_program_is_a_failure():
    with pytest.raises(HookFailed, match="cannot be started: No such file"):
        call(Options(command=("/no/such/program",)), event())


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Path]:
    """A pipe that, at the end of the test, nobody may hold open for writing."""
    os.mkfifo(tmp_path / "held")
    reader = os.open(tmp_path / "held", os.O_RDONLY | os.O_NONBLOCK)
    yield tmp_path / "held"
    while os.read(reader, 9):  # raises BlockingIOError where a writer is left
        pass
    os.close(reader)


def test_a_program_that_hangs_is_stopped_with_all_that_it_started(held: Path):
    with pytest.raises(HookFailed, match=r"did not end within 0\.5 seconds"):
        run(f"exec 9>{held}; sleep 60 & wait", seconds=0.5)


def test_what_a_program_started_ends_with_it(held: Path):
    run(f"exec 9>{held}; sleep 60 & exit 0")


def test_a_program_may_tidy_up_after_sigterm():
    script = "trap 'echo tidy; exit 0' TERM; sleep 60 & wait"
    finished = processes.run(["sh", "-c", script], "", 1)
    assert (finished.exit_code, finished.stdout) == (None, "tidy\n")


def test_a_program_that_ignores_sigterm_is_killed():
    begin = time.monotonic()
    finished = processes.run(
        ["sh", "-c", "trap '' TERM; sleep 60"], "", seconds=0.2, grace_seconds=0.1
    )
    assert finished.exit_code is None
    assert time.monotonic() - begin < 5


def test_a_program_need_not_read_its_input():
    finished = processes.run(["true"], "x" * 1_000_000, 10)
    assert finished.exit_code == 0


def test_100_megabytes_of_output_are_drained_and_not_kept():
    half = "head -c 50000000 /dev/zero"
    tracemalloc.start()
    finished = processes.run(["sh", "-c", f"{half}; {half} >&2; echo end"], "", 30)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert finished.exit_code == 0
    assert finished.stdout.endswith("\0end\n")
    assert len(finished.stdout) == len(finished.stderr) == 65_536
    # Two ends of 64 KiB, two blocks of 64 KiB, their copies and the texts.
    assert peak < 2_000_000


def test_a_descendant_that_left_the_group_is_not_waited_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(processes, "_LAST_READ_SECONDS", 0.05)
    begin = time.monotonic()
    finished = processes.run(["sh", "-c", "setsid sleep 4 & sleep 0.2; echo done"], "", 10)
    assert finished.stdout == "done\n"
    assert time.monotonic() - begin < 3
