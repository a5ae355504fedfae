"""`backtest.json` and `backtest.html`."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from tfrs_models.data.times import to_iso
from trainers.retraining.backtest.freshness import AgeResult
from trainers.retraining.backtest.page import PAGE, backtest_page
from trainers.retraining.backtest.run import Backtest
from trainers.retraining.backtest.summary import PolicyResult, Summary, summarize
from trainers.retraining.report_files import write_report_files

JSON = "backtest.json"


def write_report(found: Backtest) -> Summary:
    """Write both into the folder of the backtest."""
    summary = summarize(found)
    names = (JSON, PAGE)
    write_report_files(found.folder, names, summary_json(summary), backtest_page(summary))
    return summary


def summary_json(summary: Summary) -> dict[str, Any]:
    """Plain values; the first policy is what the others are compared with."""
    return {
        "name": summary.name,
        "steps": [
            {"number": step.number, "start": to_iso(step.start), "end": to_iso(step.end)}
            for step in summary.steps
        ],
        "policies": {policy.name: _policy(policy) for policy in summary.policies},
        "freshness": [_age(one) for one in summary.freshness],
    }


def _policy(found: PolicyResult) -> dict[str, Any]:
    return {
        "queries": found.queries,
        "means": found.means,
        "differences": _differences(found.differences),
        "trainings": len(found.seconds),
        "seconds": sum(found.seconds),
        "seconds_by_training": list(found.seconds),
        "mean_age_days": found.age_days,
        "steps": [
            {
                "number": one.step.number,
                "training": one.training.name,
                "age_days": one.age_days,
                "queries": one.queries,
                "means": one.means,
            }
            for one in found.steps
        ],
    }


def _age(found: AgeResult) -> dict[str, Any]:
    return {
        "age_days": found.age_days,
        "steps": found.steps,
        "queries": found.queries,
        "means": found.means,
        "differences": _differences(found.differences),
        "compared": list(found.compared),
    }


def _differences(found: Mapping[str, Any]) -> dict[str, Any]:
    return {name: asdict(one) for name, one in found.items()}
