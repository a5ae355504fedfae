"""Which models are retrained below the folder of all artifacts, and their ledgers."""

import sqlite3
from contextlib import closing
from pathlib import Path

from configs.errors import ArtifactError
from trainers.retraining.ledger.database import WAY_OUT, open_ledger
from trainers.retraining.state import RETRAINING, ledger_path


def model_names(artifacts: Path) -> list[str]:
    """The retrained models, sorted; one whose ledger is lost is among them."""
    return sorted(path.name for path in (artifacts / RETRAINING).glob("*") if path.is_dir())


def chosen_name(artifacts: Path, name: str | None) -> str:
    """The model of a name, or the only one.

    Args:
        artifacts: the folder that `tfrs retrain` writes to.
        name: of the model; None where there is only one.

    Raises:
        ArtifactError: there is no such model, or more than one to choose from.
    """
    names = model_names(artifacts)
    if name in names:
        return str(name)
    if name is None and len(names) == 1:
        return names[0]
    asked = "`NAME` may be left out where one model is" if name is None else f"`{name}` is not"
    raise ArtifactError(
        f"{asked} retrained under {artifacts / RETRAINING}, which holds "
        f"{', '.join(names) or 'none'}: give one of them, or another folder with `--artifacts`."
    )


def known_ledger(artifacts: Path, name: str) -> closing[sqlite3.Connection]:
    """The ledger of a retrained model, open until the block ends; none is made.

    Raises:
        ArtifactError: it is missing or damaged.
        EnvironmentFault: it cannot be opened.
    """
    path = ledger_path(artifacts, name)
    if not path.is_file():
        raise ArtifactError(f"the ledger {path} is missing: {WAY_OUT}.")
    return closing(open_ledger(path))
