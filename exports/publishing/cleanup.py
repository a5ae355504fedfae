"""What goes: remains of writers that died, and old versions. Hold the folder's lock for both."""

from contextlib import ExitStack
from pathlib import Path

from exports.publishing.in_use import exclusive, lock_file
from exports.publishing.layout import IN_USE, version_folders
from exports.publishing.ledger import Ledger, read_ledger, write_ledger
from exports.publishing.rules import check_newest
from tfrs_models.durable import UNFINISHED, remove_unfinished


def recover(folder: Path) -> Ledger:
    """Remove what a writer that died has left of versions that no record names: the ledger.

    Raises:
        ArtifactError: the ledger is damaged, or older than the folders beside it.
    """
    ledger = read_ledger(folder)
    folders = version_folders(folder)
    check_newest(ledger, folders, folder)
    _hide(folder, [version for version in folders if version not in ledger.published])
    remove_unfinished(folder)
    for path in folder.glob(f"{IN_USE}/*"):
        if path.name not in map(str, ledger.published):
            path.unlink()
    return ledger


def retain(folder: Path, keep: int) -> None:
    """Delete versions beyond the newest `keep` that are not needed and that no reader holds."""
    ledger = read_ledger(folder)
    with ExitStack() as locks:
        free = [v for v in ledger.surplus(keep) if locks.enter_context(exclusive(folder, v))]
        if not free:
            return
        # First the ledger: a reader that comes later must not take a version that is going.
        write_ledger(ledger.without(free), folder)
        _hide(folder, free)
        for version in free:
            lock_file(folder, version).unlink()
    remove_unfinished(folder)


def _hide(folder: Path, versions: list[int]) -> None:
    """Rename first: deleting takes a while, and nobody may see half a version."""
    for version in versions:
        path = folder / str(version)
        if path.exists():
            path.rename(folder / f"{UNFINISHED}{version}")
