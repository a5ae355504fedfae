"""The verdict as JSON, for programs and for later comparison; `page.py` shows it to people.

Keys stay as they are from one release to the next; new ones may join.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainers.retraining.gate.page import gate_page
from trainers.retraining.gate.verdict import Check, Verdict
from trainers.retraining.report_files import write_report_files

FILES = ("gate.json", "gate.html")


@dataclass(frozen=True)
class GateReport:
    """A verdict, and what it is in the row of verdicts.

    Attributes:
        verdict: of this challenger.
        rejects_before: challengers that were rejected since the last one that passed.
        max_rejects: so many in a row are an alarm.
    """

    verdict: Verdict
    rejects_before: int
    max_rejects: int

    @property
    def rejects_in_a_row(self) -> int:
        """With this one; 0 where it passed."""
        return 0 if self.verdict.passed else self.rejects_before + 1

    @property
    def alarm(self) -> str | None:
        """What somebody must hear of; None where nothing is wrong."""
        if self.rejects_in_a_row < self.max_rejects:
            return None
        return (
            f"{self.rejects_in_a_row} challengers in a row were rejected, {self.max_rejects} are "
            "an alarm: what is served grows old. Look at the broken rules, and at the data."
        )


def write_gate(report: GateReport, folder: Path) -> None:
    """Write `gate.json` and `gate.html`; equal reports give equal bytes."""
    page = gate_page(report.verdict, report.rejects_in_a_row, report.alarm)
    write_report_files(folder, FILES, gate_json(report), page)


def gate_json(report: GateReport) -> dict[str, Any]:
    """The report as plain values.

    Returns:
        `passed`, `reason`, `first`, `users`, `queries`, `seed`, `rejects_in_a_row`, `alarm`,
        `broken` (names of rules) and `checks`, each with all that a `Check` has.
    """
    verdict = report.verdict
    return {
        "passed": verdict.passed,
        "reason": verdict.reason,
        "first": verdict.first,
        "users": verdict.users,
        "queries": verdict.queries,
        "seed": verdict.seed,
        "rejects_in_a_row": report.rejects_in_a_row,
        "alarm": report.alarm,
        "broken": [check.name for check in verdict.broken],
        "checks": [_check(check) for check in verdict.checks],
    }


def _check(check: Check) -> dict[str, Any]:
    return {
        "name": check.name,
        "passed": check.passed,
        "decides": check.decides,
        "measured": check.measured,
        "allowed": check.allowed,
        "sentence": check.sentence,
    }
