"""Retrain on a disk that has hardly any room, or that fails."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.forked import Fault
from support.retraining_processes import Reader, Retraining, assert_second_version_is_whole

from trainers.retraining.end import PUBLISHED

BAD_DISK = 73
STEP_KIB = 250
ENOUGH_KIB = 200_000


@contextmanager
def small_disk(folder: Path) -> Iterator[Callable[[int], None]]:
    """Put what lies in a folder on a disk of its own; gives what leaves so much room there, KiB."""
    kept = folder.with_name("kept")
    folder.rename(kept)
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "small", str(folder)], check=False).returncode:
        pytest.skip("mounting a small disk takes a right that this process does not have")
    try:
        shutil.copytree(kept, folder, dirs_exist_ok=True)

        def leave(room: int) -> None:
            usage = shutil.disk_usage(folder)
            size = f"remount,size={usage.used // 1024 + room}k"
            subprocess.run(["mount", "-o", size, str(folder)], check=True)

        yield leave
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.slow
def test_a_run_on_a_full_disk_goes_on_as_soon_as_there_is_room(copied: Retraining) -> None:
    copied.shop.bring(24, 27)
    codes = []
    with small_disk(copied.shop.artifacts) as leave, Reader(copied.models) as reader:
        for room in range(STEP_KIB, 20 * STEP_KIB, STEP_KIB):
            leave(room)
            ended = copied.run()
            codes.append(ended.code)
            if ended.code == PUBLISHED:
                break
            assert ended.code == BAD_DISK, ended.output
            assert copied.stable == 1
        assert codes[-1] == PUBLISHED
        assert len(codes) > 3
        leave(ENOUGH_KIB)
        assert_second_version_is_whole(copied)
        assert reader.faults == []


@pytest.mark.slow
def test_a_disk_that_does_not_flush_is_named_and_the_run_goes_on_once_it_is_mended(
    restored: Retraining,
) -> None:
    ended = restored.run(Fault("flush", 1))
    assert (ended.code, restored.stable) == (BAD_DISK, 1), ended.output
    said = f"the disk fails ([Errno 5] Input/output error: '{restored.shop.artifacts}"
    assert said in ended.output
    assert restored.last_run().state == "running"
    assert restored.run().code == PUBLISHED
    assert_second_version_is_whole(restored)
