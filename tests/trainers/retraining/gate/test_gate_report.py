"""The verdict as JSON and as a page."""

import json
from dataclasses import replace

import numpy as np
import pytest
from support.gate import GOOD, RECALL, config, scored

from trainers.retraining.gate.decide import decide
from trainers.retraining.gate.report import GateReport, gate_json, write_gate

SAME = scored(np.tile([0.0, 0.5], 400))
SLOW = replace(SAME, facts=replace(GOOD, p99_ms=99.0, bytes=1_000))
FEW = {"<b>&new</b>": np.arange(800) < 10}


def report(challenger=SAME, before=0, slices=FEW, champion=SAME):
    verdict = decide(champion, challenger, None, slices, config(), seed=3)
    return GateReport(verdict, before, config().max_rejects_in_a_row)


def written(folder, found):
    write_gate(found, folder)
    return [(folder / name).read_text(encoding="utf-8") for name in ("gate.json", "gate.html")]


def test_the_keys_of_the_json():
    found = gate_json(report(SLOW))
    assert list(found) == [
        "passed",
        "reason",
        "first",
        "users",
        "queries",
        "seed",
        "rejects_in_a_row",
        "alarm",
        "broken",
        "checks",
    ]
    assert (found["passed"], found["broken"], found["seed"]) == (False, ["p99_ms"], 3)
    assert found["checks"][0] == {
        "name": "users",
        "passed": True,
        "decides": True,
        "measured": 800,
        "allowed": 100,
        "sentence": "the window has 800 users, at least 100 are needed",
    }


def test_the_json_can_be_read_even_of_numbers_that_are_not_finite(tmp_path):
    text, _ = written(tmp_path, report(scored(np.full(800, np.nan))))
    assert json.loads(text)["broken"] == ["finite"]


def test_an_empty_window_can_be_written(tmp_path):
    _, page = written(tmp_path, report(scored([]), champion=scored([]), slices={}))
    assert "keep what is served" in page


def test_the_page_says_why_it_failed(tmp_path):
    _, page = written(tmp_path, report(SLOW))
    assert "Why it failed" in page
    assert "1 of 8 rules are broken: p99_ms." in page
    assert "p99_ms: challenger 99, champion 10, at most 13: failed" in page
    assert "<b>failed</b>" in page


def test_the_page_says_why_it_passed(tmp_path):
    _, page = written(tmp_path, report())
    assert "Why it passed" in page
    assert "all 8 rules are kept" in page
    assert "<b>failed</b>" not in page


def test_names_of_slices_are_escaped(tmp_path):
    _, page = written(tmp_path, report())
    assert f"slice.&lt;b&gt;&amp;new&lt;/b&gt;.{RECALL}" in page
    assert "<b>&new" not in page


def test_equal_verdicts_give_equal_bytes(tmp_path):
    assert written(tmp_path, report(SLOW)) == written(tmp_path, report(SLOW))


@pytest.mark.parametrize(
    ("before", "in_a_row", "alarm"), [(0, 1, False), (1, 2, False), (2, 3, True)]
)
def test_the_third_reject_in_a_row_is_an_alarm(before, in_a_row, alarm):
    found = report(SLOW, before)
    assert (found.rejects_in_a_row, found.alarm is not None) == (in_a_row, alarm)


def test_a_pass_ends_the_row():
    found = report(before=7)
    assert (found.rejects_in_a_row, found.alarm) == (0, None)


def test_the_alarm_stands_in_both_files(tmp_path):
    text, page = written(tmp_path, report(SLOW, 2))
    assert json.loads(text)["alarm"].startswith("3 challengers in a row were rejected")
    assert "Alarm: 3 challengers in a row were rejected" in page
