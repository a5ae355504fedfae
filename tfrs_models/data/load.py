"""Open a prepared dataset: small files are read, columns are memory-mapped."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from configs.errors import ArtifactError
from tfrs_models.data.dataset import Events, PreparedDataset
from tfrs_models.data.write import COLUMNS

FORMAT = 1
"""Version of the folder's layout."""
WAY_OUT = "Delete the folder and prepare the data again with `tfrs data prepare`."
FILES = (
    "report.json",
    "quarantine.parquet",
    "users.parquet",
    "items.parquet",
    "events.parquet",
    "vocabularies/user_id.txt",
    "vocabularies/item_id.txt",
)


def load_dataset(folder: Path) -> PreparedDataset:
    """Open a prepared dataset and check that its parts fit together.

    Raises:
        ArtifactError: there is none, it is damaged, or another version wrote it.
    """
    manifest = _read_manifest(folder)
    for name in FILES:
        if not (folder / name).is_file():
            raise ArtifactError(f"the prepared dataset {folder} has no `{name}`. {WAY_OUT}")
    events = Events(**{name: _load_column(folder, name) for name in COLUMNS})
    offsets = _load_array(folder / "columns" / "offsets.npy")
    _check_lengths(folder, manifest, events, offsets)
    return PreparedDataset(
        folder=folder,
        fingerprint=manifest["fingerprint"],
        events=events,
        offsets=offsets,
        num_users=manifest["num_users"],
        num_items=manifest["num_items"],
        known_users=manifest["known_users"],
        known_items=manifest["known_items"],
        event_types=tuple(manifest["event_types"]),
        manifest=manifest,
    )


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / "manifest.json"
    if not path.is_file():
        raise ArtifactError(
            f"{folder} is no prepared dataset: it has no `manifest.json`. Make one with "
            "`tfrs data prepare` and give its folder."
        )
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        written = manifest["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise ArtifactError(f"{path} is damaged: {error!r}. {WAY_OUT}") from error
    if written != FORMAT:
        raise ArtifactError(
            f"{folder} has format {written!r}, this version reads format {FORMAT}. {WAY_OUT}"
        )
    return manifest


def _load_array(path: Path) -> NDArray[Any]:
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ArtifactError(f"{path} cannot be read: {error}. {WAY_OUT}") from error
    return array


def _load_column(folder: Path, name: str) -> NDArray[Any]:
    array = _load_array(folder / "columns" / f"{name}.npy")
    if array.dtype != COLUMNS[name].dtype:
        raise ArtifactError(
            f"the column `{name}` of {folder} is {array.dtype}, expected "
            f"{np.dtype(COLUMNS[name].dtype)}. {WAY_OUT}"
        )
    return array


def _check_lengths(
    folder: Path, manifest: dict[str, Any], events: Events, offsets: NDArray[np.int64]
) -> None:
    expected = sum(part["events"] for part in manifest["counts"].values())
    lengths = {name: len(getattr(events, name)) for name in COLUMNS}
    wrong = {name: length for name, length in lengths.items() if length != expected}
    if wrong:
        raise ArtifactError(
            f"{folder} promises {expected} events, but its columns hold {wrong}. {WAY_OUT}"
        )
    if offsets.shape != (manifest["num_users"] + 1,) or offsets[-1] != expected:
        raise ArtifactError(
            f"the offsets of {folder} do not fit {manifest['num_users']} users and "
            f"{expected} events. {WAY_OUT}"
        )
