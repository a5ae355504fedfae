"""The settings of a former run, which another version of the program may have written."""

from pathlib import Path

from configs.errors import ArtifactError
from configs.run import RunConfig
from trainers.folders import load_run_config


def former_config(folder: Path) -> RunConfig | None:
    """The settings of a run; None when they are gone, or this program does not know them.

    Args:
        folder: of the run.
    """
    try:
        return load_run_config(folder)
    except ArtifactError:
        return None
