"""Open the version of a label, or of a number, and keep it from being deleted meanwhile."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from configs.errors import ArtifactError
from exports.publishing.in_use import shared
from exports.publishing.layout import LEDGER, model_folder
from exports.publishing.ledger import Label, read_ledger

_TRIES = 10


class Opened(NamedTuple):
    """A version in use."""

    path: Path
    version: int


@contextmanager
def opened(base: Path, name: str, label: Label = "stable") -> Iterator[Opened]:
    """The version that a label names now; its folder stays until the block ends.

    Writes nothing. A process that serves a version holds the block open as long as it reads files.

    Raises:
        ArtifactError: no version has the label, its folder is missing, or the ledger is damaged.
    """
    folder = model_folder(base, name)
    with ExitStack() as stack:
        version = _hold(folder, label, stack)
        yield Opened(folder / str(version), version)


@contextmanager
def kept(base: Path, name: str, version: int) -> Iterator[Path | None]:
    """The folder of a version, which stays until the block ends; None where it was deleted."""
    folder = model_folder(base, name)
    with ExitStack() as stack:
        yield folder / str(version) if _is_held(folder, version, stack) else None


def _hold(folder: Path, label: Label, stack: ExitStack) -> int:
    """A version, and its lock on the stack.

    Between reading the ledger and taking the lock a writer may publish and delete: then again.
    """
    for _ in range(_TRIES):
        version = _named(folder, label)
        if _is_held(folder, version, stack):
            return version
    raise ArtifactError(
        f"version {version} of {folder} is {label} in its {LEDGER}, but cannot be opened: its "
        "folder or lock file is missing. Move the label with `tfrs rollback --to`."
    )


def _is_held(folder: Path, version: int, stack: ExitStack) -> bool:
    """Whether the version is there, and then its lock is on the stack."""
    with ExitStack() as attempt:
        try:
            attempt.enter_context(shared(folder, version))
        except FileNotFoundError:
            return False
        if version in read_ledger(folder).published and (folder / str(version)).is_dir():
            stack.push(attempt.pop_all())
            return True
    return False


def _named(folder: Path, label: Label) -> int:
    version = read_ledger(folder).pointed(label)
    if version is None:
        raise ArtifactError(
            f"{folder} has no {label} version: publish one with `tfrs publish`, or see "
            "`tfrs versions`."
        )
    return version
