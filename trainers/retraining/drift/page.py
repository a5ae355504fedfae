"""What was found as an HTML page, in the manner of a run's report."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from trainers.report.cells import NONE, number
from trainers.report.markup import Cell, Section, heading, page, paragraph, picture, table
from trainers.report.systems import Row
from trainers.retraining.drift import words
from trainers.retraining.drift.findings import (
    ColumnDrift,
    DayVolume,
    DriftReport,
    Mismatch,
    RateDrift,
    SkewReport,
    Verdict,
)
from trainers.retraining.drift.pictures import days_picture, distances_picture, distribution_picture

MOST_DRAWN = 12
"""Columns whose distributions are drawn: the furthest above their thresholds."""

_SENTENCES = {"ok": "Nothing moved too far.", "warn": "Look at this.", "stop": "Stop."}

T = TypeVar("T", ColumnDrift, RateDrift, DayVolume, Mismatch)


def drift_page(report: DriftReport) -> str:
    """The page of two windows; equal reports give equal bytes."""
    facts = {
        "verdict": _said(report.verdict),
        "reference": f"{report.rows[0]:,} rows",
        "current": f"{report.rows[1]:,} rows",
        "false alarms": f"in {report.significance:g} of the reports about data that did not move",
    }
    sentences = [
        *_alarms(report.columns, words.of_column),
        *_alarms(report.rates, words.of_rate),
        *_alarms(report.days, words.of_day),
    ]
    sections = (
        _anomalies(sentences),
        _columns(report.columns),
        _rates(report.rates),
        _days(report.days),
        _distributions(report.columns),
    )
    return page("Drift", facts, [one for one in sections if one is not None])


def skew_page(report: SkewReport) -> str:
    """The page of training and serving; equal reports give equal bytes."""
    facts = {
        "verdict": _said(report.verdict),
        "training": f"{report.rows[0]:,} rows",
        "logged": f"{report.rows[1]:,} rows",
        "joined": f"{report.joined:,} requests",
    }
    sentences = [
        *_alarms(report.mismatches, words.of_mismatch),
        *_alarms(report.columns, words.of_column),
    ]
    sections = (
        _anomalies(sentences),
        _mismatches(report.mismatches),
        _columns(report.columns),
        _distributions(report.columns),
    )
    return page("Skew", facts, [one for one in sections if one is not None])


def _said(verdict: Verdict) -> str:
    return f"{verdict}: {_SENTENCES[verdict]}"


def _alarms(found: Sequence[T], say: Callable[[T], str]) -> list[tuple[Verdict, str]]:
    return [(one.verdict, say(one)) for one in found if one.verdict != "ok"]


def _anomalies(found: Sequence[tuple[Verdict, str]]) -> Section | None:
    if not found:
        return None
    parts = [paragraph(f"{verdict}: {text}") for verdict, text in found]
    return Section("anomalies", "Anomalies", parts)


def _columns(found: Sequence[ColumnDrift]) -> Section | None:
    if not found:
        return None
    header = ["column", "measure", "distance", "threshold", "rows", "independent", "verdict"]
    rows: list[Row] = [
        [
            _title(one),
            one.metric,
            number(one.distance),
            number(one.threshold),
            _sides(one.rows),
            _sides(one.independent),
            _verdict(one.verdict),
        ]
        for one in found
    ]
    text = (
        "Distance of the two distributions of each column. The threshold is what chance exceeds "
        "rarely with so many independent rows, and at least the smallest distance that matters. "
        "Rows of one user, or of another cluster, are alike and are worth fewer independent ones."
    )
    drawing = distances_picture(found, _title)
    caption = "Distances as dots, thresholds as lines; a coloured dot is an alarm."
    parts = [paragraph(text), *([picture(drawing, caption)] if drawing else [])]
    return Section("columns", "Columns", [*parts, table(header, rows)])


def _rates(found: Sequence[RateDrift]) -> Section | None:
    if not found:
        return None
    header = ["column", "rate", "before", "now", "largest change", "verdict"]
    rows: list[Row] = [
        [
            one.column,
            one.name,
            *(number(value) for value in (one.reference, one.current, one.threshold)),
            _verdict(one.verdict),
        ]
        for one in found
    ]
    text = "Shares of missing values, unknown values and positive labels, and lengths of lists."
    return Section("rates", "Rates", [paragraph(text), table(header, rows)])


def _days(found: Sequence[DayVolume]) -> Section | None:
    if not found:
        return None
    rows: list[Row] = [
        [f"{one.day:%Y-%m-%d %a}", f"{one.rows:,}", number(one.expected, 1), _verdict(one.verdict)]
        for one in found
    ]
    text = "Rows of each day (UTC) beside the mean of its weekday in the reference."
    caption = "Rows as bars, what their weekday leads to expect as lines."
    parts = [paragraph(text), picture(days_picture(found), caption)]
    return Section("days", "Rows a day", [*parts, table(["day", "rows", "expected", ""], rows)])


def _mismatches(found: Sequence[Mismatch]) -> Section | None:
    if not found:
        return None
    rows: list[Row] = [
        [
            one.column,
            f"{one.differing:,}",
            number(one.share),
            number(one.limit),
            _verdict(one.verdict),
        ]
        for one in found
    ]
    text = "Requests whose served feature is not the one that training computed."
    header = ["feature", "requests", "share", "largest share", "verdict"]
    return Section("mismatches", "Request by request", [paragraph(text), table(header, rows)])


def _distributions(found: Sequence[ColumnDrift]) -> Section | None:
    measured = [one for one in found if one.distance is not None]
    first = sorted(measured, key=lambda one: one.threshold - (one.distance or 0.0))[:MOST_DRAWN]
    if not first:
        return None
    caption = "Before in grey, now in colour; of names those that moved most."
    parts = [
        part
        for place, one in enumerate(first)
        for part in (
            heading(_title(one)),
            picture(distribution_picture(f"distribution{place}", one), caption),
        )
    ]
    text = f"The {len(first)} columns that are furthest above, or nearest to, their thresholds."
    return Section("distributions", "Distributions", [paragraph(text), *parts])


def _sides(counts: tuple[float, float]) -> str:
    return " and ".join(f"{count:,.0f}" for count in counts)


def _title(one: ColumnDrift) -> str:
    return one.column if one.part == "values" else f"{one.column} (lengths)"


def _verdict(verdict: Verdict) -> Cell:
    return Cell(NONE) if verdict == "ok" else Cell(verdict, strong=True)
