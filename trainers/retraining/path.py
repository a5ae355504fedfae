"""The path to a version: the one that it was judged beside, the one before that, and so on.

A version after a rollback is judged beside the one that was rolled back to, so versions that were
taken back are not on it.
"""

import sqlite3
from collections.abc import Iterator

from trainers.retraining.gate.record import GateRecord, record_in
from trainers.retraining.ledger import gates, versions


def gate_record(ledger: sqlite3.Connection, number: int) -> GateRecord | None:
    """What the gate has left of a version; None where that is not known."""
    version = versions.find(ledger, number)
    verdict = gates.find(ledger, version.run_id) if version else None
    return record_in(verdict.report) if verdict else None


def path_to(ledger: sqlite3.Connection, number: int) -> Iterator[int]:
    """Numbers of the versions on the path to one, without it, newest first.

    It ends before the first version, and with one whose own gate is not known: published by hand,
    or by a run whose verdict is lost.

    Args:
        ledger: of the runs.
        number: of the version.
    """
    record = gate_record(ledger, number)
    while record is not None and record.champion is not None:
        yield record.champion
        record = gate_record(ledger, record.champion)
