"""Runs below the folder of all artifacts: where one lies, by its name."""

from pathlib import Path

from configs.errors import ArtifactError
from exports.manifest import NAME as MANIFEST

RUNS = "runs"
BUNDLE = "bundle"


def find_run(artifacts: Path, run: str, holding: str) -> Path:
    """The folder of a run that holds a file.

    Args:
        artifacts: the folder that `tfrs train` writes to.
        run: the run's path, its name, or its name without the digits (the newest such run).
        holding: path of the file inside the run.

    Raises:
        ArtifactError: there is none; lists the runs that hold the file.
    """
    for folder in (Path(run), artifacts / RUNS / run):
        if (folder / holding).is_file():
            return folder
    runs = [path for path in (artifacts / RUNS).glob("*") if (path / holding).is_file()]
    same = [path for path in runs if path.name.rpartition("-")[0] == run]
    if same:
        return max(same, key=lambda path: (path / holding).stat().st_mtime_ns)
    raise ArtifactError(
        f"no run `{run}` with `{holding}` under `{artifacts / RUNS}`; there are: "
        f"{', '.join(sorted(path.name for path in runs)) or 'none'}. Give one of them or the path "
        "of a run, or finish one with `tfrs train`."
    )


def find_bundle(run: str, artifacts: Path) -> Path:
    """The bundle of a run.

    Args:
        run: a bundle, or a run as `find_run` takes it.
        artifacts: the folder that `tfrs train` writes to.

    Raises:
        ArtifactError: there is none; lists the runs that have one.
    """
    if (Path(run) / MANIFEST).is_file():
        return Path(run)
    return find_run(artifacts, run, f"{BUNDLE}/{MANIFEST}") / BUNDLE
