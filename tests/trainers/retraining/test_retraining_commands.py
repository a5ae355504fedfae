"""`runs`, `run show` and the doctor's look at retraining, for people and for programs."""

import json
import sqlite3
from contextlib import closing
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from support.ledgers import run, shard, version

from configs.errors import ArtifactError
from tfrs_models import cli
from trainers.folders import BusyError, locked
from trainers.retraining import health
from trainers.retraining.ledger import gates, runs, shards, versions
from trainers.retraining.ledger.database import open_ledger
from trainers.retraining.ledger.rebuild import write_version_record
from trainers.retraining.ledger.records import ShardRecord, write
from trainers.retraining.state import ledger_path, state_folder

END = "2026-01-01T01:00:00+00:00"
PUBLISHED = datetime(2026, 1, 2, tzinfo=UTC).timestamp()
"""When `support.ledgers.version` was."""
HOUR = 3_600.0
AGES = 100_000
"""Days that no test lives to see."""


def invoke(*arguments: Any) -> Result:
    """`tfrs ARGUMENTS` in this process; errors come through."""
    return CliRunner().invoke(
        cli.tfrs, [str(a) for a in arguments], catch_exceptions=False, standalone_mode=False
    )


def fill(artifacts: Path, name: str) -> None:
    """A published run with a shard and a verdict, then a failed one, and the records of both."""
    with closing(open_ledger(ledger_path(artifacts, name))) as ledger:
        shards.add(ledger, shard(1))
        runs.begin(ledger, run(1, shards=(shard(1).sha256,)))
        decides = {"passed": True, "decides": True, "sentence": "the window has 85 users"}
        only_told = {"passed": True, "decides": False, "sentence": "11 users do not decide"}
        gates.add(ledger, "r1", True, {"checks": [decides, only_told]})
        versions.commit(ledger, version(1), (shard(1).sha256,))
        runs.begin(ledger, run(2))
        runs.finish(ledger, "r2", "failed", 70, "out of memory", END)
    folder = state_folder(artifacts, name)
    (folder / "log").mkdir()
    write(folder / "log" / f"{shard(1).stem}.json", ShardRecord(shard(1)))
    (folder / "runs" / "r1").mkdir(parents=True)
    write_version_record(folder / "runs" / "r1", version(1), (shard(1).sha256,), None)


@pytest.fixture
def artifacts(tmp_path: Path) -> Path:
    """The artifacts of one retrained model, `shop`."""
    fill(tmp_path, "shop")
    return tmp_path


@pytest.fixture
def unbalanced(artifacts: Path) -> Path:
    """The same after a hand has deleted version 1; SQLite looks at references when told to."""
    with closing(sqlite3.connect(ledger_path(artifacts, "shop"))) as ledger, ledger:
        ledger.execute("DELETE FROM versions")
    return artifacts


def test_the_runs_are_listed_newest_first(artifacts: Path) -> None:
    found = json.loads(invoke("runs", "--artifacts", artifacts, "--json").output)
    assert [(one["id"], one["state"], one["exit_code"]) for one in found] == [
        ("r2", "failed", 70),
        ("r1", "published", 0),
    ]


def test_the_list_is_as_long_as_asked(artifacts: Path) -> None:
    listed = invoke("runs", "--artifacts", artifacts, "--limit", 1, "--json").output
    assert [one["id"] for one in json.loads(listed)] == ["r2"]


def test_people_get_a_table(artifacts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    lines = invoke("runs", "--artifacts", artifacts).output.splitlines()
    assert any("r2" in line and "failed" in line and "out of memory" in line for line in lines)


def test_of_several_models_one_is_named(artifacts: Path) -> None:
    fill(artifacts, "news")
    assert "r2" in invoke("runs", "news", "--artifacts", artifacts, "--json").output
    with pytest.raises(ArtifactError, match=r"`NAME` may be left out .* holds news, shop"):
        invoke("runs", "--artifacts", artifacts)


def test_a_model_that_is_not_retrained_is_an_error(artifacts: Path) -> None:
    with pytest.raises(ArtifactError, match=r"`\.\.` is not retrained .* holds shop"):
        invoke("runs", "..", "--artifacts", artifacts)


def test_a_run_is_shown_with_shards_verdict_and_version(artifacts: Path) -> None:
    found = json.loads(invoke("run", "show", "r1", "--artifacts", artifacts, "--json").output)
    assert found["gate"]["passed"]
    assert found["version"]["number"] == 1
    assert [one["name"] for one in found["shards"]] == ["events-1.csv"]


def test_people_read_what_a_run_has(artifacts: Path) -> None:
    lines = invoke("run", "show", "r1", "shop", "--artifacts", artifacts).output.splitlines()
    assert lines[-5:] == [
        "shard 1: events-1.csv, 7 accepted, 1 duplicates, 1 late, 1 quarantined",
        "gate: passed",
        "  kept: the window has 85 users",
        "  noted: 11 users do not decide",
        "version: 1, trained from the beginning",
    ]


def test_people_read_nothing_that_a_run_has_not(artifacts: Path) -> None:
    failed = invoke("run", "show", "r2", "--artifacts", artifacts).output
    assert "reason: out of memory" in failed
    assert "gate" not in failed
    assert "version" not in failed


def test_an_unknown_run_is_an_error(artifacts: Path) -> None:
    with pytest.raises(ArtifactError, match="no run `r9`"):
        invoke("run", "show", "r9", "--artifacts", artifacts)


def test_a_ledger_that_is_lost_is_not_made_by_looking(artifacts: Path) -> None:
    path = ledger_path(artifacts, "shop")
    path.unlink()
    with pytest.raises(ArtifactError, match=r"is missing: `tfrs doctor --rebuild` makes it again"):
        invoke("runs", "--artifacts", artifacts)
    assert not path.exists()


@pytest.mark.parametrize(("hours", "status"), [(26.0, "ok"), (26.1, "fail")])
def test_a_publication_may_be_as_old_as_allowed(artifacts: Path, hours: float, status: str) -> None:
    now = PUBLISHED + hours * HOUR
    age, balance = health.examine(artifacts, "shop", 26 * HOUR, lambda: now)
    assert (age.name, age.status) == ("age of shop", status)
    assert f"published 2026-01-02T00:00:00+00:00, {hours:.1f} hours ago" in age.detail
    assert (balance.name, balance.status) == ("ledger of shop", "ok")


def test_a_model_that_was_never_published_is_too_old(tmp_path: Path) -> None:
    with closing(open_ledger(ledger_path(tmp_path, "shop"))) as ledger:
        runs.begin(ledger, run(1))
    age, _ = health.examine(tmp_path, None, HOUR)
    assert (age.status, age.detail[:24]) == ("fail", "no version was published")


def test_the_doctor_looks_at_every_model(artifacts: Path) -> None:
    fill(artifacts, "news")
    ledger_path(artifacts, "news").write_bytes(b"no database" * 100)
    checks = list(health.examine(artifacts, None, HOUR, lambda: PUBLISHED))
    assert [(one.name, one.status) for one in checks] == [
        ("ledger of news", "fail"),
        ("age of shop", "ok"),
        ("ledger of shop", "ok"),
    ]
    assert "is damaged" in checks[0].detail


@pytest.mark.parametrize(("age", "code"), [("26h", 1), (f"{AGES}d", 0)])
def test_the_doctor_ends_with_1_where_a_publication_is_too_old(
    artifacts: Path, age: str, code: int
) -> None:
    result = invoke("doctor", "shop", "--artifacts", artifacts, "--max-age", age, "--json")
    assert result.return_value == code
    statuses = {one["name"]: one["status"] for one in json.loads(result.output)}
    assert statuses == {"age of shop": "fail" if code else "ok", "ledger of shop": "ok"}


def test_the_doctor_ends_with_1_where_the_ledger_does_not_add_up(unbalanced: Path) -> None:
    result = invoke("doctor", "--artifacts", unbalanced, "--max-age", f"{AGES}d", "--json")
    assert result.return_value == 1
    assert "the run `r1` is published and has no version" in result.output


def test_nothing_retrained_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="holds none"):
        invoke("doctor", "--artifacts", tmp_path, "--max-age", "26h")


def test_a_ledger_is_made_again_from_the_records(artifacts: Path) -> None:
    ledger_path(artifacts, "shop").write_bytes(b"no database" * 100)
    result = invoke("doctor", "--artifacts", artifacts, "--rebuild", "--json")
    assert result.return_value == 0
    assert json.loads(result.output) == [
        {"name": "ledger of shop", "status": "ok", "detail": "adds up"}
    ]
    with closing(open_ledger(ledger_path(artifacts, "shop"))) as ledger:
        assert asdict(versions.get(ledger, 1)) == asdict(version(1))
        assert [one.id for one in runs.latest(ledger, 9)] == ["r1"]
    assert (state_folder(artifacts, "shop") / "ledger.db.broken-1").exists()


def test_what_a_rebuilt_ledger_lacks_is_said(artifacts: Path) -> None:
    # Version 1 has lost its record; version 2 says that it came from it.
    folder = state_folder(artifacts, "shop") / "runs"
    (folder / "r1" / "version.json").unlink()
    (folder / "r2").mkdir()
    write_version_record(folder / "r2", version(2), (), None)
    result = invoke("doctor", "--artifacts", artifacts, "--rebuild", "--json")
    assert result.return_value == 1
    assert "version 2 was trained from version 1, which the ledger does not have" in result.output


def test_no_ledger_is_rebuilt_while_a_run_is_at_work(artifacts: Path) -> None:
    with locked(state_folder(artifacts, "shop")), pytest.raises(BusyError):
        invoke("doctor", "--artifacts", artifacts, "--rebuild")


def test_a_name_without_a_look_at_retraining_is_a_wrong_usage(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["doctor", "shop"]) == 64
    assert "goes with --max-age or --rebuild" in capsys.readouterr().err


def test_the_files_are_listed_with_the_version_that_has_learned_them(artifacts: Path) -> None:
    with closing(open_ledger(ledger_path(artifacts, "shop"))) as ledger:
        shards.add(ledger, shard(2))
    found = json.loads(invoke("shards", "--artifacts", artifacts, "--json").output)
    assert [(one["name"], one["learned_by"]) for one in found] == [
        ("events-2.csv", None),
        ("events-1.csv", 1),
    ]


def test_a_file_is_taken_back_with_a_reason(
    artifacts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    words = ("shard", "withdraw", "events-1.csv", "--artifacts", artifacts, "--reason", "twice")
    said = invoke(*words).output.splitlines()
    assert said[0] == "shard 1, events-1.csv, is withdrawn"
    assert said[1].startswith("version 1 has learned it: the next run begins anew")
    assert "version 1, withdrawn: twice" in invoke("shards", "--artifacts", artifacts).output


def test_no_file_is_taken_back_while_a_run_is_at_work(artifacts: Path) -> None:
    words = ("shard", "withdraw", "1", "--artifacts", artifacts, "--reason", "twice")
    with locked(state_folder(artifacts, "shop")), pytest.raises(BusyError):
        invoke(*words)


def test_what_data_and_people_wrote_is_no_markup(artifacts: Path) -> None:
    with closing(open_ledger(ledger_path(artifacts, "shop"))) as ledger:
        shards.add(ledger, replace(shard(2), name="[/day].csv"))
        runs.begin(ledger, run(3))
        runs.finish(ledger, "r3", "rejected", 10, "`[sale]` [/freeze]", END)
    assert "[/day].csv" in invoke("shards", "--artifacts", artifacts).output
    assert "`[sale]` [/freeze]" in " ".join(invoke("runs", "--artifacts", artifacts).output.split())
