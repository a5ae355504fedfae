"""Whether retraining keeps up and its ledgers add up; `tfrs doctor` asks."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from configs.errors import ArtifactError, EnvironmentFault
from tfrs_models.doctor import Check
from trainers.folders import locked
from trainers.retraining.ledger import runs
from trainers.retraining.ledger.balance import check_balance
from trainers.retraining.ledger.rebuild import VERSION_FILE, read_version_record, rebuild
from trainers.retraining.retrained import chosen_name, known_ledger, model_names
from trainers.retraining.state import LOG, RUNS, ledger_path, state_folder

_HOUR = 3_600
_CLOCKS_DIFFER = 300
"""Seconds that the clock of who looks may be behind that of who published."""


def examine(
    artifacts: Path,
    name: str | None,
    max_age_seconds: float,
    now: Callable[[], float] = time.time,
) -> Iterator[Check]:
    """For each model, whether a version was published lately and what its ledger says.

    Args:
        artifacts: the folder that `tfrs retrain` writes to.
        name: of the model; None for all.
        max_age_seconds: since the last publication.
        now: the clock, seconds since 1970 UTC.

    Raises:
        ArtifactError: there is no such model, or none at all.
    """
    every = model_names(artifacts) if name is None else []
    for one in every or [chosen_name(artifacts, name)]:
        yield from _checks(artifacts, one, max_age_seconds, now())


def _checks(artifacts: Path, name: str, max_age_seconds: float, now: float) -> list[Check]:
    """A ledger that cannot be read fails, and the other models are looked at."""
    try:
        with known_ledger(artifacts, name) as ledger:
            published = runs.last_success(ledger)
            age = check_age(name, published, max_age_seconds, now)
            return [age, *_findings(name, check_balance(ledger))]
    except (ArtifactError, EnvironmentFault) as error:
        return [Check(f"ledger of {name}", "fail", str(error))]


def check_age(name: str, published: str | None, max_age_seconds: float, now: float) -> Check:
    """Whether the last publication is recent.

    Args:
        name: of the model.
        published: when, ISO 8601; None before the first.
        max_age_seconds: since then.
        now: seconds since 1970 UTC.
    """
    about = f"age of {name}"
    if published is None:
        return Check(about, "fail", "no version was published yet; `tfrs runs` says why")
    age = now - datetime.fromisoformat(published).timestamp()
    if age < -_CLOCKS_DIFFER:
        ahead = f"published {published}, which is {-age / _HOUR:,.1f} hours ahead of the clock here"
        way_out = "set the clock right; if it was wrong then, `tfrs retrain --full` publishes anew"
        return Check(about, "fail", f"{ahead}: {way_out}")
    found = f"published {published}, {max(age, 0) / _HOUR:,.1f} hours ago"
    if age > max_age_seconds:
        most = f"{max_age_seconds / _HOUR:,.1f} are allowed"
        return Check(about, "fail", f"{found}, {most}; `tfrs runs` says why")
    return Check(about, "ok", found)


def _findings(name: str, faults: list[str]) -> list[Check]:
    about = f"ledger of {name}"
    return [Check(about, "fail", fault) for fault in faults] or [Check(about, "ok", "adds up")]


def rebuilt(artifacts: Path, name: str | None) -> list[Check]:
    """Make the ledger of a model again, and say what does not add up.

    Args:
        artifacts: the folder that `tfrs retrain` writes to.
        name: of the model; None where there is only one.

    Raises:
        ArtifactError: there is no such model, or a record is damaged.
        BusyError: a run is at work.
    """
    name = chosen_name(artifacts, name)
    folder = state_folder(artifacts, name)
    with locked(folder):
        records = [
            read_version_record(path.parent)
            for path in sorted((folder / RUNS).glob(f"*/{VERSION_FILE}"))
        ]
        return _findings(name, rebuild(ledger_path(artifacts, name), folder / LOG, records))
