"""Locks of versions: readers share one, and retention deletes only what nobody holds.

The system frees a lock when its process dies.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedIOBase
from pathlib import Path

from exports.publishing.layout import IN_USE


def lock_file(folder: Path, version: int) -> Path:
    """The lock file of a version of the model in `folder`."""
    return folder / IN_USE / str(version)


def add_lock_file(folder: Path, version: int) -> None:
    """Make the lock file before the version appears: readers may not be allowed to."""
    path = lock_file(folder, version)
    path.parent.mkdir(exist_ok=True)
    path.touch()


@contextmanager
def shared(folder: Path, version: int) -> Iterator[None]:
    """Hold a version as a reader; waits only while retention takes a version away.

    Raises:
        FileNotFoundError: the version was deleted.
    """
    import fcntl

    with lock_file(folder, version).open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield


@contextmanager
def exclusive(folder: Path, version: int) -> Iterator[bool]:
    """Hold a version against readers if none has it; whether that is so."""
    with lock_file(folder, version).open("ab") as file:
        yield _take(file)


def is_in_use(folder: Path, version: int) -> bool:
    """Whether a reader holds a version at this moment."""
    try:
        with lock_file(folder, version).open("rb") as file:
            return not _take(file)
    except FileNotFoundError:
        return False


def _take(file: BufferedIOBase) -> bool:
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
