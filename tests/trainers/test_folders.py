import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from configs.errors import ArtifactError
from configs.run import RunConfig
from trainers.folders import (
    CONFIG,
    DONE,
    BusyError,
    check_done,
    load_run_config,
    locked,
    run_folder,
    stage,
    write_json,
)

HOLD = """
import sys, time
from pathlib import Path
from trainers.folders import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


@contextmanager
def holder(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock of a folder."""
    path = os.pathsep.join(sys.path)
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    with process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def test_settings_and_data_name_the_folder(tmp_path):
    config = RunConfig(name="shop")
    folder = run_folder(tmp_path, config, "data")
    assert folder.parent == tmp_path / "runs"
    assert folder.name.startswith("shop-")
    assert len(folder.name) == len("shop-") + 8
    others = {
        folder,
        run_folder(tmp_path, config, "other data"),
        run_folder(tmp_path, config.model_copy(update={"seed": 1}), "data"),
    }
    assert len(others) == 3


def test_a_configuration_comes_back_as_it_was(tmp_path):
    write_json(tmp_path / CONFIG, RunConfig().model_dump(mode="json"))
    assert load_run_config(tmp_path) == RunConfig()


@pytest.mark.parametrize("text", ["", "{", '{"retrieval": {"embeding_dim": 3}}'])
def test_a_damaged_configuration_is_an_artifact_error(tmp_path, text):
    (tmp_path / CONFIG).write_text(text)
    with pytest.raises(ArtifactError, match=r"config\.json"):
        load_run_config(tmp_path)


def test_a_second_process_gets_exit_code_12(tmp_path):
    with (
        holder(tmp_path),
        pytest.raises(BusyError, match="another process") as error,
        locked(tmp_path),
    ):
        pass
    assert error.value.exit_code == 12


def test_a_killed_holder_frees_the_lock(tmp_path):
    with holder(tmp_path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        with locked(tmp_path):
            pass


def test_the_lock_is_free_after_the_block_and_after_an_error(tmp_path):
    with pytest.raises(ZeroDivisionError), locked(tmp_path):
        raise ZeroDivisionError
    with locked(tmp_path):
        pass


def test_an_error_of_the_work_is_not_taken_for_a_busy_folder(tmp_path):
    with pytest.raises(BlockingIOError), locked(tmp_path):
        raise BlockingIOError("a pipe is full")


def test_a_child_does_not_inherit_the_lock(tmp_path):
    with locked(tmp_path):
        child = subprocess.Popen(
            [sys.executable, "-c", "print('up', flush=True); input()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            close_fds=False,
        )
        # The kernel wakes the parent before it closes the child's descriptors: wait for its word.
        child.stdout.readline()
    with child, locked(tmp_path):
        child.kill()


def test_a_stage_is_done_once(tmp_path):
    calls = []

    def work() -> dict[str, int]:
        calls.append(time.perf_counter())
        return {"calls": len(calls)}

    assert stage(tmp_path / "a", work) == {"calls": 1}
    assert stage(tmp_path / "a", work) == {"calls": 1}


def test_a_stage_that_fails_is_done_again(tmp_path):
    def fail() -> dict[str, int]:
        raise OSError

    with pytest.raises(OSError):
        stage(tmp_path, fail)
    assert stage(tmp_path, lambda: {"ok": 1}) == {"ok": 1}


def test_a_run_whose_stage_is_not_done_is_not_finished(tmp_path):
    with pytest.raises(ArtifactError, match=r"not finished.*tfrs train"):
        check_done(tmp_path / "export")
    stage(tmp_path / "export", dict)
    check_done(tmp_path / "export")


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path):
    path = tmp_path / DONE
    write_json(path, {"a": 1})
    with pytest.raises(TypeError):
        write_json(path, {"a": object()})
    assert json.loads(path.read_text()) == {"a": 1}


def test_a_json_file_is_replaced_whole(tmp_path):
    path = tmp_path / DONE
    write_json(path, {"long": "x" * 10_000})
    write_json(path, {"a": 1})
    assert json.loads(path.read_text()) == {"a": 1}
    assert [p.name for p in tmp_path.iterdir()] == [DONE]
