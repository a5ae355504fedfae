"""Files and folders that are whole or absent: written aside, flushed to disk, then renamed."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

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
    """Remove what a process that died left in `folder`. Call it with a lock held."""
    for path in folder.glob(f"{UNFINISHED}*"):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 file; readers see the old one or the whole new one, on the disk."""
    with new_file(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """Where to write a file; it takes the place of `path` when the block ends well.

    Readers see the old one or the whole new one, on the disk. When the block fails, the old one
    stays and nothing else is left.
    """
    unfinished = path.with_name(f"{UNFINISHED}{path.name}~")  # collectors read all of `*.prom`
    try:
        yield unfinished
        _flush(unfinished)
        unfinished.replace(path)
        _flush(path.parent)  # or a power cut brings the old one back
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """An empty folder to fill; it takes the place of `target` when the block ends well.

    Everything is flushed to disk before the rename, so neither a crash nor a power cut shows half
    a folder. When the block fails, what lay at `target` is untouched and nothing is left.
    """
    unfinished = target.parent / f"{UNFINISHED}{target.name}"
    unfinished.mkdir(parents=True)
    try:
        yield unfinished
        _flush_tree(unfinished)
        _put(unfinished, target)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def new_array(path: Path, dtype: DTypeLike, shape: tuple[int, ...]) -> "np.memmap[Any, Any]":
    """A memory-mapped `.npy` file to fill, its space on the disk taken at once.

    Without that the kernel finds a full disk while it writes a page, and kills the process.

    Raises:
        OSError: the disk has no room for it.
    """
    array: np.memmap[Any, Any] = np.lib.format.open_memmap(path, "w+", dtype, shape)
    with path.open("r+b") as file:
        os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    return array


def _put(unfinished: Path, target: Path) -> None:
    former = target.parent / f"{UNFINISHED}former-{target.name}"
    if target.exists():
        target.rename(former)
    unfinished.rename(target)
    _flush(target.parent)
    shutil.rmtree(former, ignore_errors=True)


def _flush_tree(folder: Path) -> None:
    for path in folder.rglob("*"):
        _flush(path)
    _flush(folder)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno is not None:
            error.filename = str(path)  # the system does not say whose
        raise
    finally:
        os.close(descriptor)
