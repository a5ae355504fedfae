"""The reports as JSON and as a page."""

import json
import re
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from configs.drift import DriftConfig
from trainers.retraining.drift import words
from trainers.retraining.drift.measure import measure_drift
from trainers.retraining.drift.page import drift_page, skew_page
from trainers.retraining.drift.report import (
    drift_json,
    skew_json,
    write_drift,
    write_skew,
)
from trainers.retraining.drift.skew import measure_skew

HOSTILE = "</svg><script>alert('$x^$')</script>"


def window(seed, first, phones):
    draw = np.random.default_rng(seed)
    rows = 700
    start = datetime(2026, 1, first, tzinfo=UTC)
    return pa.table(
        {
            "request_id": [str(i) for i in range(rows)],
            "device": draw.choice([HOSTILE, "desk"], rows, p=[phones, 1 - phones]),
            "price": draw.normal(0, 1, rows),
            "gone": pa.array(["x"] * rows) if first == 5 else pa.nulls(rows, pa.string()),
            "history": [[1] * n for n in draw.integers(0, 3, rows)],
            "timestamp": [start + timedelta(days=i % 7) for i in range(rows)],
        }
    )


@pytest.fixture(scope="module")
def tables():
    return window(1, 5, 0.5), window(2, 12, 0.9)


@pytest.fixture(scope="module")
def drift(tables):
    return measure_drift(
        *tables, DriftConfig(date="timestamp", columns={"gone": {"action": "stop"}})
    )


@pytest.fixture(scope="module")
def skew(tables):
    return measure_skew(*tables)


def test_the_keys_of_the_drift_report_stay(drift):
    found = drift_json(drift)
    assert list(found) == [
        "verdict",
        "rows",
        "significance",
        "columns",
        "rates",
        "days",
        "anomalies",
    ]
    assert list(found["columns"][0]) == [
        *("column", "part", "metric", "distance", "threshold", "verdict"),
        *("rows", "independent_rows", "values", "missing"),
    ]
    assert list(found["rates"][0]) == [
        *("rate", "column", "reference", "current", "threshold", "verdict"),
        *("rows", "independent_rows"),
    ]
    assert list(found["days"][0]) == ["day", "rows", "expected", "low", "high", "verdict"]


def test_the_keys_of_the_skew_report_stay(skew):
    found = skew_json(skew)
    assert list(found) == ["verdict", "rows", "joined", "mismatches", "columns", "anomalies"]
    assert list(found["mismatches"][0]) == [
        *("column", "differing", "joined", "share", "limit", "verdict")
    ]


def test_an_anomaly_says_what_moved_in_a_sentence(drift):
    found = {(one["column"], one["measure"]): one for one in drift_json(drift)["anomalies"]}
    assert set(found) == {
        ("device", "jensen_shannon"),
        ("gone", "jensen_shannon"),
        ("gone", "missing"),
    }
    text = found["device", "jensen_shannon"]["text"]
    assert re.match(
        r"`device`: the Jensen-Shannon divergence 0\.1\d+ is above the threshold 0\.0", text
    )
    assert "moved most, from" in text
    gone = found["gone", "jensen_shannon"]
    assert gone["text"] == "`gone`: there were 700 values before and are 0 now."
    assert gone["action"] == "stop"
    missing = found["gone", "missing"]["text"]
    assert missing.startswith("`gone`: the share of missing values was 0.00% and is 100.00%;")


def test_a_column_of_rare_values_is_shown_as_all_others_together(tables):
    ids = DriftConfig(watch=("request_id",), ignore=())
    report = measure_drift(*tables, ids)
    assert report.columns[0].distance == 0
    assert words.shares(report.columns[0]) == {"all other values": (1.0, 1.0)}
    assert "all other values" in drift_page(report)


def test_a_report_without_alarms_has_no_anomalies(tables):
    report = measure_drift(tables[0], tables[0], DriftConfig())
    found = drift_json(report)
    assert (found["verdict"], found["anomalies"]) == ("ok", [])
    assert 'id="anomalies"' not in drift_page(report)


def test_a_distance_that_is_not_defined_is_null(drift):
    gone = next(one for one in drift_json(drift)["columns"] if one["column"] == "gone")
    assert gone["distance"] is None


def test_the_files_are_written_and_equal_reports_give_equal_bytes(drift, skew, tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        write_drift(drift, tmp_path / folder)
        write_skew(skew, tmp_path / folder)
    for name in ("drift.json", "drift.html", "skew.json", "skew.html"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert json.loads((tmp_path / "one/drift.json").read_text("utf-8")) == drift_json(drift)


@pytest.mark.parametrize("name", ["anomalies", "columns", "rates", "days", "distributions"])
def test_the_drift_page_has_its_sections(drift, name):
    assert f'<section id="{name}">' in drift_page(drift)


@pytest.mark.parametrize("name", ["anomalies", "mismatches", "columns", "distributions"])
def test_the_skew_page_has_its_sections(skew, name):
    assert f'<section id="{name}">' in skew_page(skew)


def test_the_drift_page_draws_distances_days_and_each_measured_distribution(drift):
    # device, price, and values and lengths of history; gone has no distance.
    assert drift_page(drift).count("<svg") == 2 + 4


def test_values_cannot_break_out_of_a_page(drift, skew):
    for text in (drift_page(drift), skew_page(skew)):
        assert "<script" not in text
        assert "&lt;script&gt;" in text
