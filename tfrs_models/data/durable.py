"""Folders that are whole or absent: written aside, flushed, then renamed."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

UNFINISHED = ".unfinished-"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; a second process waits. The system frees it when a process dies."""
    import fcntl

    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def remove_unfinished(folder: Path) -> None:
    """Remove what a process that died left behind. Call it with the lock held."""
    for path in folder.glob(f"{UNFINISHED}*"):
        shutil.rmtree(path)


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A folder to fill; it becomes `target` when the block ends without an error.

    What stood at `target` is replaced. After an error nothing is left.
    """
    unfinished = target.parent / f"{UNFINISHED}{target.name}"
    unfinished.mkdir(parents=True)
    try:
        yield unfinished
        _flush(unfinished)
        if target.exists():
            shutil.rmtree(target)
        unfinished.rename(target)
        _flush_path(target.parent)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _flush(folder: Path) -> None:
    """Write every file and folder below to the disk."""
    for path in [*folder.rglob("*"), folder]:
        _flush_path(path)


def _flush_path(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
