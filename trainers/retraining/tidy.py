"""What old runs leave behind, and no later one needs."""

import shutil
from pathlib import Path

from trainers.evaluation import EXPORT
from trainers.folders import DONE, read_done
from trainers.retraining.ledger import runs, versions
from trainers.retraining.ledger.rebuild import VERSION_FILE
from trainers.retraining.state import State

_LAST_RUNS = 3
_SMALL = {"config.json", VERSION_FILE, "gate.json", "gate.html", "drift.json", "drift.html",
          "skew.json", "skew.html", "report.html", "metrics.json", "log.jsonl"}  # fmt: skip
"""Files that stay with every run."""


def tidy(state: State) -> None:
    """Delete models, bundles and datasets of runs that nothing goes on from.

    What the served version and the one before it were made of stays, and that of the last runs.
    Every run keeps its settings, reports and records, but those that had nothing to do. Files that
    somebody has put beside the folders stay.
    """
    kept = _kept(state)
    for folder in state.runs.iterdir():
        if folder.is_dir() and folder.name not in kept:
            _empty(folder)
    for one in runs.latest(state.ledger, _LAST_RUNS):
        if one.state == "nothing_new":
            shutil.rmtree(state.run(one.id), ignore_errors=True)
    used = {dataset_name(state.run(run_id)) for run_id in kept}
    for folder in (state.folder / "datasets").glob("*"):
        if folder.is_dir() and folder.name not in used:
            shutil.rmtree(folder)


def _kept(state: State) -> set[str]:
    kept = {one.id for one in runs.latest(state.ledger, _LAST_RUNS)}
    latest = versions.latest(state.ledger)
    numbers = [state.stable, *((latest.number, latest.parent) if latest else ())]
    found = (versions.find(state.ledger, one) for one in numbers if one is not None)
    return kept | {one.run_id for one in found if one is not None}


def dataset_name(folder: Path) -> str | None:
    """The folder's name of the dataset of a run; None where the run did not come so far.

    Args:
        folder: of the run.
    """
    done = folder / EXPORT
    return str(read_done(done)["dataset"]) if (done / DONE).exists() else None


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name not in _SMALL:
            path.unlink()
