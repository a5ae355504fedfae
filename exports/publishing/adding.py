"""Put a version into a model's folder, whole or not at all. Hold the folder's lock."""

from collections.abc import Callable
from pathlib import Path

from exports.publishing.cleanup import recover
from exports.publishing.in_use import add_lock_file
from exports.publishing.ledger import Label, Ledger, Record, write_ledger
from tfrs_models.durable import new_folder


def add(
    folder: Path,
    ledger: Ledger,
    version: int,
    label: Label,
    fill: Callable[[Path], Record],
) -> None:
    """Add a version and let a label name it; when that fails, only its number is gone.

    Args:
        folder: of the model.
        ledger: of the model, which has no such version, or one that was deleted.
        version: its number.
        label: that names it then.
        fill: writes the files into an empty folder, verifies them, and gives their record.
    """
    taken = ledger.taking(version)
    write_ledger(taken, folder)
    try:
        add_lock_file(folder, version)
        with new_folder(folder / str(version)) as work:
            record = fill(work)
        write_ledger(taken.with_record(record, label), folder)
    except BaseException:
        recover(folder)
        raise
