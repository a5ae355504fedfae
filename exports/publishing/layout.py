"""Where published versions lie: `<base>/<name>/<version>/`."""

import re
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
    if not _NAME.fullmatch(name) or name in _TAKEN:
        raise ConfigError(
            "`name` must be 1 to 64 letters, digits, `_`, `.` or `-`, begin with a letter, a digit "
            f"or `_`, and be none of {', '.join(_TAKEN)}; got {name!r}: give another with `--name`."
        )
    return base / name


def version_folders(folder: Path) -> dict[int, Path]:
    """The folders of a model that have a number, by it, recorded or not."""
    paths = [path for path in folder.glob("*") if _VERSION.fullmatch(path.name)]
    return {int(path.name): path for path in paths}


def model_names(base: Path) -> list[str]:
    """The models under a base that have a ledger, sorted."""
    paths = [path.parent for path in base.glob(f"*/{LEDGER}")]
    return sorted(path.name for path in paths if _NAME.fullmatch(path.name))


def only_name(base: Path) -> str:
    """The one model under a base.

    Raises:
        ArtifactError: there is none, or more than one.
    """
    names = model_names(base)
    if len(names) != 1:
        raise ArtifactError(
            f"`NAME` may be left out where {base} holds one model, it holds "
            f"{', '.join(names) or 'none'}: give NAME, or publish there with `tfrs publish`."
        )
    return names[0]
