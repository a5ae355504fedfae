"""Where published versions lie: `<base>/<name>/<version>/`."""

import re
from collections.abc import Sequence
from pathlib import Path

from configs.errors import ArtifactError, ConfigError

LEDGER = "ledger.json"
IN_USE = ".in_use"
MODELS_CONFIG = "models.config"
BATCHING = "batching_parameters.txt"

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_VERSION = re.compile(r"[1-9][0-9]*")
_TAKEN = (MODELS_CONFIG, BATCHING)


def model_folder(base: Path, name: str) -> Path:
    """The folder of all versions of a model.

    Raises:
        ConfigError: a name that could lead elsewhere, or that a file of the base has.
    """
    return base / checked_name(name)


def checked_name(name: str) -> str:
    """The name of a model, if it is one.

    Raises:
        ConfigError: a name that could lead elsewhere, or that a file of the base has.
    """
    if not _NAME.fullmatch(name) or name in _TAKEN:
        raise ConfigError(
            "`name` must be 1 to 64 letters, digits, `_`, `.` or `-`, begin with a letter, a digit "
            f"or `_`, and be none of {', '.join(_TAKEN)}; got {name!r}: give another with `--name`."
        )
    return name


def version_folders(folder: Path) -> dict[int, Path]:
    """The folders of a model that have a number, by it, recorded or not."""
    return {int(path.name): path for path in folder.glob("*") if is_version(path.name)}


def is_version(name: str) -> bool:
    """Whether a folder of this name is a version's."""
    return _VERSION.fullmatch(name) is not None


def is_name(name: str) -> bool:
    """Whether a folder of this name may be a model's."""
    return _NAME.fullmatch(name) is not None


def model_names(base: Path) -> list[str]:
    """The models under a base that have a ledger, sorted."""
    paths = [path.parent for path in base.glob(f"*/{LEDGER}")]
    return sorted(path.name for path in paths if is_name(path.name))


def only_name(names: Sequence[str], base: Path | str) -> str:
    """The one of the models under a base.

    Raises:
        ArtifactError: there is none, or more than one.
    """
    if len(names) != 1:
        raise ArtifactError(
            f"`NAME` may be left out where {base} holds one model, it holds "
            f"{', '.join(names) or 'none'}: give NAME, or publish there with `tfrs publish`."
        )
    return names[0]
