"""The versions that a version was judged beside, one behind the other."""

import sqlite3

from support.ledgers import run, version

from trainers.retraining.gate.record import GateRecord
from trainers.retraining.ledger import gates, runs, versions
from trainers.retraining.path import gate_record, path_to


def publish(ledger: sqlite3.Connection, number: int, champion: int | None) -> None:
    """A version that was judged beside another one."""
    runs.begin(ledger, run(number))
    report = GateRecord(champion, {"recall@20": 0.1 * number}).beside({"checks": []})
    gates.add(ledger, f"r{number}", True, report)
    versions.commit(ledger, version(number), ())


def test_the_path_leads_to_the_first_version(ledger: sqlite3.Connection) -> None:
    for number, champion in ((1, None), (2, 1), (3, 2)):
        publish(ledger, number, champion)
    assert list(path_to(ledger, 3)) == [2, 1]
    assert list(path_to(ledger, 1)) == []


def test_a_version_that_was_taken_back_is_not_on_it(ledger: sqlite3.Connection) -> None:
    # Version 3 was rolled back to 2, beside which 4 was judged.
    for number, champion in ((1, None), (2, 1), (3, 2), (4, 2)):
        publish(ledger, number, champion)
    assert list(path_to(ledger, 4)) == [2, 1]


def test_a_version_published_by_hand_is_the_last_one(ledger: sqlite3.Connection) -> None:
    publish(ledger, 1, None)
    publish(ledger, 3, 2)  # no run has published 2
    assert list(path_to(ledger, 3)) == [2]
    assert list(path_to(ledger, 2)) == []


def test_a_version_without_a_record_is_the_last_one(ledger: sqlite3.Connection) -> None:
    publish(ledger, 1, None)
    for number in (2, 3):
        runs.begin(ledger, run(number))
        versions.commit(ledger, version(number), ())
    gates.add(ledger, "r2", True, {"checks": []})  # as before there were records
    publish(ledger, 4, 2)
    assert list(path_to(ledger, 4)) == [2]
    assert gate_record(ledger, 2) is None
    assert gate_record(ledger, 3) is None


def test_the_record_is_what_was_left(ledger: sqlite3.Connection) -> None:
    publish(ledger, 2, 1)
    assert gate_record(ledger, 2) == GateRecord(1, {"recall@20": 0.2})
