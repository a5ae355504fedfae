"""The event files of a run's source, and the hash of each."""

import hashlib
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

from configs.errors import ConfigError, DataError
from configs.run import RunConfig
from tfrs_models.data import paths
from tfrs_models.data.sources.files import Options

SETTING = "data.files.events"

_log = logging.getLogger(__name__)


def files_options(config: RunConfig) -> Options:
    """The settings of the source `files`.

    Raises:
        ConfigError: the run has another source, or assigns its files to the parts of the split.
    """
    options = config.data.source_options
    if not isinstance(options, Options):
        raise ConfigError(
            f"`data.source` must be `files` for retraining, received `{config.data.source}`: new "
            "data are told from old ones file by file. Set `data.source=files` and name the files "
            f"with `{SETTING}`."
        )
    if isinstance(options.events, Mapping):
        raise ConfigError(
            f"`{SETTING}` must be a path, a glob or a list of them for retraining, received files "
            f"for {', '.join(options.events)}: new data are split by time. Name all files in one "
            "list."
        )
    return options


def event_files(options: Options, taken_before: bool) -> list[Path]:
    """The event files that are there, by path.

    Args:
        options: of the source.
        taken_before: some were taken in, so that they may have been moved away since, and a glob
            that matches nothing is no error.

    Raises:
        ConfigError: no file is named.
        DataError: there are none.
    """
    given = options.events
    patterns = [given] if isinstance(given, str) else [str(pattern) for pattern in given]
    if not patterns:
        raise ConfigError(
            f"`{SETTING}` names no file: give a path, a glob or a list, such as "
            f"`--set {SETTING}=logs/*.parquet`."
        )
    found: set[Path] = set()
    for pattern in patterns:
        with suppress(DataError) if taken_before else nullcontext():
            found.update(paths.matches([pattern], SETTING))
    return sorted(found)


def digest(path: Path) -> str:
    """SHA-256 of a file's content, 64 hexadecimal digits.

    Raises:
        DataError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(
            f"`{SETTING}`: {paths.shown(path)} cannot be read ({error}). Correct its permissions."
        ) from error


@contextmanager
def passed_over_when_gone(path: Path) -> Iterator[None]:
    """Let a file that is moved away while the block lasts end the block alone."""
    try:
        yield
    except (DataError, FileNotFoundError):
        if path.exists():
            raise
        _log.warning("%s was moved away before it was taken in", paths.shown(path))


def refuse_changed(path: Path, before: paths.Identity) -> None:
    """Check that a file is still what it was; `before` is its `paths.identity` of then.

    Raises:
        DataError: it was written to meanwhile.
    """
    if paths.identity([path]) != before:
        raise DataError(
            "it changed while it was read. Write event files elsewhere and rename them when they "
            "are complete."
        )
