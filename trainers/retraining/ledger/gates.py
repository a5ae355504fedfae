"""What the gate said about the model of a run."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from configs.errors import ArtifactError
from trainers.retraining.ledger.database import transaction


@dataclass(frozen=True)
class Gate:
    """One verdict.

    Attributes:
        run_id: the run.
        passed: whether its model may be published.
        report: why, as JSON holds it.
    """

    run_id: str
    passed: bool
    report: Mapping[str, Any]


def add(
    connection: sqlite3.Connection, run_id: str, passed: bool, report: Mapping[str, Any]
) -> None:
    """Note a verdict. A run that goes on after a crash is judged again: the last one counts.

    Raises:
        sqlite3.IntegrityError: there is no such run.
        TypeError: the report is not JSON.
    """
    with transaction(connection):
        connection.execute(
            "INSERT INTO gates (run_id, passed, report) VALUES (?, ?, ?) "
            "ON CONFLICT (run_id) DO UPDATE SET passed = excluded.passed, report = excluded.report",
            (run_id, int(passed), json.dumps(report)),
        )


def find(connection: sqlite3.Connection, run_id: str) -> Gate | None:
    """The verdict on a run; None when it ended before the gate."""
    row = connection.execute(
        "SELECT passed, report FROM gates WHERE run_id = ?", (run_id,)
    ).fetchone()
    return None if row is None else Gate(run_id, bool(row[0]), json.loads(row[1]))


def get(connection: sqlite3.Connection, run_id: str) -> Gate:
    """The verdict on a run.

    Raises:
        ArtifactError: there is none.
    """
    found = find(connection, run_id)
    if found is None:
        raise ArtifactError(
            f"the ledger has no verdict on a run `{run_id}`: it ended before the gate, or is none "
            "of those that `tfrs runs` lists."
        )
    return found
