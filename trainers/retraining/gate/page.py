"""The verdict as an HTML page, in the manner of a run's report."""

from collections.abc import Sequence

from trainers.report.cells import NONE, number
from trainers.report.markup import Cell, Section, page, paragraph, table
from trainers.retraining.gate.verdict import Check, Verdict

_WHOLE_FROM = 1_000


def gate_page(verdict: Verdict, rejects_in_a_row: int, alarm: str | None) -> str:
    """The page; equal arguments give equal bytes.

    Args:
        verdict: of this challenger.
        rejects_in_a_row: with this one.
        alarm: what somebody must hear of.
    """
    facts = {
        "verdict": "publish" if verdict.passed else "keep what is served",
        "champion": "none" if verdict.first else "scored on the same window",
        "users": f"{verdict.users:,}",
        "queries": f"{verdict.queries:,}",
        "rejected in a row": f"{rejects_in_a_row}",
    }
    deciding = [check for check in verdict.checks if check.decides]
    reported = [check for check in verdict.checks if not check.decides]
    sections = (
        _why(verdict, alarm),
        _rules("rules", "Rules", deciding),
        _rules("reported", "Reported only", reported),
    )
    return page("Gate", facts, [one for one in sections if one is not None])


def _why(verdict: Verdict, alarm: str | None) -> Section:
    sentences = [verdict.reason, *(check.sentence for check in verdict.broken)]
    told = sentences if alarm is None else [f"Alarm: {alarm}", *sentences]
    title = "Why it passed" if verdict.passed else "Why it failed"
    return Section("why", title, [paragraph(text) for text in told])


def _rules(name: str, title: str, checks: Sequence[Check]) -> Section | None:
    if not checks:
        return None
    rows: list[list[str | Cell]] = [
        [check.name, _number(check.measured), _number(check.allowed), _outcome(check)]
        for check in checks
    ]
    words = [paragraph(check.sentence) for check in checks]
    return Section(name, title, [table(["rule", "measured", "allowed", ""], rows), *words])


def _number(value: float | None) -> str:
    digits = 4 if value is None or abs(value) < _WHOLE_FROM else 0
    return number(value, digits)


def _outcome(check: Check) -> Cell:
    if not check.decides:
        return Cell(NONE)
    return Cell("passed") if check.passed else Cell("failed", strong=True)
