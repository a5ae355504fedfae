"""Folders that appear whole and on disk, or not at all."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Yield an empty sibling folder; it takes the place of `folder` when the block ends well.

    Everything is flushed to disk before the rename, so neither a crash nor a power cut shows half
    a folder. When the block fails, what lay at `folder` is untouched.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = folder.with_name(f".{folder.name}.partial-{os.getpid()}")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    try:
        yield partial
        _flush_tree(partial)
        _put(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def remove_partial(folder: Path) -> None:
    """Remove what processes that died left beside `folder`; no other may be writing it."""
    for kind in ("partial", "former"):
        for path in folder.parent.glob(f".{folder.name}.{kind}-*"):
            shutil.rmtree(path)


def _put(partial: Path, folder: Path) -> None:
    former = folder.with_name(f".{folder.name}.former-{os.getpid()}")
    if folder.exists():
        folder.rename(former)
    partial.rename(folder)
    _flush(folder.parent)
    shutil.rmtree(former, ignore_errors=True)


def _flush_tree(folder: Path) -> None:
    for path in folder.rglob("*"):
        _flush(path)
    _flush(folder)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
