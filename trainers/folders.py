"""Where a run lies, and which of its stages are done."""

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from configs.errors import ArtifactError
from configs.run import RunConfig, fingerprint
from exports.runs import RUNS
from tfrs_models.durable import write_text

DONE = "done.json"
CONFIG = "config.json"


class BusyError(ArtifactError):
    """Another process works in the folder."""

    exit_code = 12


def run_folder(artifacts: Path, config: RunConfig, data: str) -> Path:
    """`<artifacts>/runs/<name>-<8 digits>`: other settings or other data are another run.

    Args:
        artifacts: where all runs lie.
        config: the settings.
        data: fingerprint of the data, see `tfrs_models.data.prepare.fingerprint`.
    """
    digest = hashlib.sha256(f"{fingerprint(config)} {data}".encode()).hexdigest()
    return artifacts / RUNS / f"{config.name}-{digest[:8]}"


def load_run_config(folder: Path) -> RunConfig:
    """The resolved configuration of a run.

    Raises:
        ArtifactError: it cannot be read.
    """
    try:
        return RunConfig.model_validate_json((folder / CONFIG).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ArtifactError(
            f"`{folder / CONFIG}` is no configuration of this program's version: {error}"
        ) from error


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; the system frees it when the process ends, however it ends.

    Raises:
        BusyError: another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        _lock(handle, folder)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, folder: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise BusyError(f"another process works in `{folder}`: wait for it to end") from error


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file; readers see the old one or the whole new one."""
    write_text(path, json.dumps(content, indent=1) + "\n")


def stage(folder: Path, work: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
    """Do a stage once: its record, `done.json`, is written last and read ever after."""
    done = folder / DONE
    if not done.exists():
        folder.mkdir(parents=True, exist_ok=True)
        write_json(done, work())
    return read_done(folder)


def read_done(folder: Path) -> dict[str, Any]:
    """The record of a stage that is done."""
    record: dict[str, Any] = json.loads((folder / DONE).read_text("utf-8"))
    return record


def check_done(folder: Path) -> None:
    """Check that a stage is done.

    Raises:
        ArtifactError: it is not.
    """
    if not (folder / DONE).exists():
        raise ArtifactError(
            f"the run `{folder.parent}` is not finished: run `tfrs train` with its configuration "
            "again, it goes on where it stopped"
        )
