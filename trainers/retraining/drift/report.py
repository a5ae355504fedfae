"""What was found as JSON, for programs and for later comparison; `page.py` shows it to people.

Keys stay as they are from one release to the next; new ones may join.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from trainers.retraining.drift import words
from trainers.retraining.drift.findings import (
    ColumnDrift,
    DayVolume,
    DriftReport,
    Mismatch,
    RateDrift,
    SkewReport,
)
from trainers.retraining.drift.page import drift_page, skew_page
from trainers.retraining.report_files import write_report_files

DRIFT_FILES = ("drift.json", "drift.html")
SKEW_FILES = ("skew.json", "skew.html")

Json = dict[str, Any]
T = TypeVar("T", ColumnDrift, RateDrift, DayVolume, Mismatch)


def write_drift(report: DriftReport, folder: Path) -> None:
    """Write `drift.json` and `drift.html`; equal reports give equal bytes."""
    write_report_files(folder, DRIFT_FILES, drift_json(report), drift_page(report))


def write_skew(report: SkewReport, folder: Path) -> None:
    """Write `skew.json` and `skew.html`; equal reports give equal bytes."""
    write_report_files(folder, SKEW_FILES, skew_json(report), skew_page(report))


def drift_json(report: DriftReport) -> Json:
    """The report as plain values.

    Returns:
        `verdict`, `rows`, `significance`, `columns`, `rates`, `days`, and `anomalies`: those that
        are not `ok`, each with what it is about, its `action` and a sentence.
    """
    return {
        "verdict": report.verdict,
        "rows": _sides(*report.rows),
        "significance": report.significance,
        "columns": [_column(one) for one in report.columns],
        "rates": [_rate(one) for one in report.rates],
        "days": [_day(one) for one in report.days],
        "anomalies": [
            *_anomalies(report.columns, _about_column, words.of_column),
            *_anomalies(report.rates, lambda one: (one.column, one.name), words.of_rate),
            *_anomalies(report.days, lambda _: (None, "rows"), words.of_day),
        ],
    }


def skew_json(report: SkewReport) -> Json:
    """The report as plain values.

    Returns:
        `verdict`, `rows`, `joined`, `mismatches`, `columns` and `anomalies`.
    """
    return {
        "verdict": report.verdict,
        "rows": {"training": report.rows[0], "logged": report.rows[1]},
        "joined": report.joined,
        "mismatches": [_mismatch(one) for one in report.mismatches],
        "columns": [_column(one) for one in report.columns],
        "anomalies": [
            *_anomalies(report.mismatches, lambda one: (one.column, "mismatch"), words.of_mismatch),
            *_anomalies(report.columns, _about_column, words.of_column),
        ],
    }


def _anomalies(
    found: Iterable[T], about: Callable[[T], tuple[str | None, str]], say: Callable[[T], str]
) -> list[Json]:
    return [
        dict(zip(("column", "measure"), about(one), strict=True))
        | {"action": one.verdict, "text": say(one)}
        for one in found
        if one.verdict != "ok"
    ]


def _about_column(one: ColumnDrift) -> tuple[str, str]:
    return one.column, one.metric if one.part == "values" else "lengths"


def _column(one: ColumnDrift) -> Json:
    return {
        "column": one.column,
        "part": one.part,
        "metric": one.metric,
        "distance": one.distance,
        "threshold": one.threshold,
        "verdict": one.verdict,
        "rows": _sides(*one.rows),
        "independent_rows": _sides(*one.independent),
        "values": _sides(one.reference.total, one.current.total),
        "missing": _sides(one.reference.missing, one.current.missing),
    }


def _rate(one: RateDrift) -> Json:
    return {
        "rate": one.name,
        "column": one.column,
        "reference": one.reference,
        "current": one.current,
        "threshold": one.threshold,
        "verdict": one.verdict,
        "rows": _sides(*one.rows),
        "independent_rows": _sides(*one.independent),
    }


def _day(one: DayVolume) -> Json:
    return {
        "day": one.day.isoformat(),
        "rows": one.rows,
        "expected": one.expected,
        "low": one.low,
        "high": one.high,
        "verdict": one.verdict,
    }


def _mismatch(one: Mismatch) -> Json:
    return {
        "column": one.column,
        "differing": one.differing,
        "joined": one.joined,
        "share": one.share,
        "limit": one.limit,
        "verdict": one.verdict,
    }


def _sides(reference: float, current: float) -> Json:
    return {"reference": reference, "current": current}
