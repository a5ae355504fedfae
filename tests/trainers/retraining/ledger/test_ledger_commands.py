"""`runs` and `run show`, for people and for programs."""

import json

import pytest
from click.testing import CliRunner
from support.ledgers import run, shard, version

from configs.errors import ArtifactError
from trainers.retraining import commands_ledger
from trainers.retraining.ledger import gates, runs, shards, versions

END = "2026-01-01T01:00:00+00:00"


@pytest.fixture
def filled(ledger, path):
    """A published run with a shard, and a failed one."""
    shards.add(ledger, shard(1))
    runs.begin(ledger, run(1, shards=(shard(1).sha256,)))
    gates.add(ledger, "r1", True, {"recall": 0.2})
    versions.commit(ledger, version(1), (shard(1).sha256,))
    runs.begin(ledger, run(2))
    runs.finish(ledger, "r2", "failed", 70, "out of memory", END)
    return path


def invoke(command, *arguments):
    return CliRunner().invoke(command, [str(a) for a in arguments], catch_exceptions=False).output


def test_the_runs_are_listed_newest_first(filled):
    found = json.loads(invoke(commands_ledger.runs, "--ledger", filled, "--json"))
    assert [(one["id"], one["state"], one["exit_code"]) for one in found] == [
        ("r2", "failed", 70),
        ("r1", "published", 0),
    ]


def test_the_list_is_as_long_as_asked(filled):
    found = json.loads(invoke(commands_ledger.runs, "--ledger", filled, "--limit", 1, "--json"))
    assert [one["id"] for one in found] == ["r2"]


def test_people_get_a_table(filled, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    lines = invoke(commands_ledger.runs, "--ledger", filled).splitlines()
    assert any("r2" in line and "failed" in line and "out of memory" in line for line in lines)


def test_a_run_is_shown_with_shards_verdict_and_version(filled):
    found = json.loads(invoke(commands_ledger.run, "show", "r1", "--ledger", filled, "--json"))
    assert found["gate"] == {"passed": True, "report": {"recall": 0.2}}
    assert found["version"]["number"] == 1
    assert [one["name"] for one in found["shards"]] == ["events-1.csv"]


def test_people_read_what_a_run_has_and_nothing_that_it_has_not(filled):
    lines = invoke(commands_ledger.run, "show", "r1", "--ledger", filled).splitlines()
    assert "state: published" in lines
    assert "shard 1: events-1.csv, 7 accepted, 1 duplicates, 1 late, 1 quarantined" in lines
    failed = invoke(commands_ledger.run, "show", "r2", "--ledger", filled)
    assert "gate" not in failed
    assert "version" not in failed


def test_an_unknown_run_is_an_error(filled):
    with pytest.raises(ArtifactError, match="no run `r9`"):
        invoke(commands_ledger.run, "show", "r9", "--ledger", filled)


def test_a_ledger_that_is_not_there_is_not_made(tmp_path):
    assert "does not exist" in invoke(commands_ledger.runs, "--ledger", tmp_path / "state.db")
    assert list(tmp_path.iterdir()) == []
