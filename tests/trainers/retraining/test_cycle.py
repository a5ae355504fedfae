"""Whole runs: published, nothing new, rejected, vetoed, failed, resumed."""

import json
import re
import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from rich.console import Console
from support.retraining import NOW, Shop
from support.training import assert_same_numbers, checkpoint

from configs.errors import ArtifactError, ConfigError, DataError
from configs.load import changed
from configs.run import RunConfig
from exports.manifest import read_manifest
from exports.publishing.in_use import is_in_use
from exports.publishing.ledger import read_ledger
from trainers.retraining import cycle, idle, stages
from trainers.retraining.contest import Former
from trainers.retraining.end import Ended
from trainers.retraining.gate.record import record_in
from trainers.retraining.ledger import gates, runs, shards, versions
from trainers.retraining.ledger.balance import check_balance
from trainers.retraining.plan import Plan
from trainers.retraining.state import opened
from trainers.retraining.work import Work


@pytest.fixture(scope="module")
def second(first: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The same shop three days later, with a second version that went on from the first."""
    shop = copied(first, tmp_path_factory.mktemp("second"))
    shop.bring(24, 27)
    tell = f"cat >> {shop.folder / 'told.jsonl'}; echo >> {shop.folder / 'told.jsonl'}"
    hook = {"type": "command", "events": ["post_train", "on_publish"],
            "options": {"command": ["sh", "-c", tell]}}  # fmt: skip
    ended = shop.retrain(shop.config(hooks=[hook]))
    assert (ended.exit_code, ended.version) == (0, 2), ended.reason
    return shop


def copied(shop: Shop, folder: Path) -> Shop:
    shutil.copytree(shop.folder, folder, dirs_exist_ok=True)
    return Shop(folder)


def stable(shop: Shop) -> int | None:
    return read_ledger(shop.artifacts / "models" / "shop").stable


def run_folder(shop: Shop, run_id: str) -> Path:
    return shop.artifacts / "retraining" / "shop" / "runs" / run_id


def test_the_first_run_learns_from_the_beginning_and_is_published(first: Shop) -> None:
    with first.ledger() as connection:
        version = versions.get(connection, 1)
        assert (version.policy, version.parent) == ("full", None)
        assert shards.pending(connection) == []
        assert check_balance(connection) == []
    assert stable(first) == 1


def test_the_second_goes_on_from_the_first(second: Shop) -> None:
    with second.ledger() as connection:
        before, version = (versions.get(connection, number) for number in (1, 2))
        assert (version.policy, version.parent) == ("warm", 1)
        assert version.trained_until_us > before.trained_until_us
        assert len(versions.consumed_by(connection, 2)) == 1
        assert check_balance(connection) == []
    manifest = read_manifest(second.artifacts / "models" / "shop" / "2")
    assert manifest.parents == (before.bundle_sha256,)


def test_without_new_events_nothing_is_done(first: Shop) -> None:
    ended = first.retrain()
    assert (ended.exit_code, ended.version) == (11, None)
    assert "0 new events" in ended.reason
    assert stable(first) == 1


def judged_as(monkeypatch: pytest.MonkeyPatch, **verdict: Any) -> None:
    """Runs that train nothing and are judged so."""
    monkeypatch.setattr(stages, "build", lambda *_: {"trained_until_us": 0})
    monkeypatch.setattr(stages, "gate", lambda *_: {"alarm": None, **verdict})


def test_a_rejected_model_is_not_published_and_its_shards_wait(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged_as(monkeypatch, passed=False, reason="1 of 9 rules is broken")
    ended = shop.retrain()
    assert (ended.exit_code, ended.reason, stable(shop)) == (10, "1 of 9 rules is broken", 1)
    with shop.ledger() as connection:
        assert [shard.name for shard in shards.pending(connection)] == ["24-27.parquet"]
        assert runs.rejects_in_a_row(connection) == 1


@pytest.mark.parametrize("event", ["pre_train", "pre_publish"])
def test_a_hook_may_forbid(event: str, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    judged_as(monkeypatch, passed=True, reason="fine")
    veto = {"type": "command", "events": [event], "may_veto": True,
            "options": {"command": ["sh", "-c", "echo not today; exit 10"]}}  # fmt: skip
    ended = shop.retrain(shop.config(hooks=[veto]))
    assert (ended.exit_code, stable(shop)) == (10, 1)
    assert "not today" in ended.reason


def test_hooks_are_told_what_happened(second: Shop) -> None:
    lines = (second.folder / "told.jsonl").read_text().splitlines()
    events = [json.loads(line) for line in lines]
    assert [event["kind"] for event in events] == ["post_train", "on_publish"]
    assert events[1]["payload"]["version"] == 2


def test_the_verdict_is_kept_with_its_report(second: Shop) -> None:
    with second.ledger() as connection:
        version = versions.get(connection, 2)
        verdict = gates.get(connection, version.run_id)
    report = json.loads((run_folder(second, version.run_id) / "gate.json").read_text())
    assert verdict.passed
    record = record_in(verdict.report)
    assert record is not None
    assert verdict.report == record.beside(report)
    assert (record.champion, set(record.means)) == (1, {"recall@20"})
    names = {check["name"] for check in report["checks"]}
    assert {"verified", "recall@20.not_worse", "index_recall", "bytes"} <= names
    assert "recall@20.usual_window" in names


def test_the_next_gate_looks_back_to_the_version_before_the_served_one(second: Shop) -> None:
    config = second.config()
    with opened(second.artifacts, config) as state, ExitStack() as held:
        work = Work(config, state, "next", Console(quiet=True), lambda: NOW)
        champion = stages._champion(work, held)
        models = state.base / "shop"
        assert champion is not None
        assert (champion.bundle, champion.version) == (models / "2", 2)
        assert champion.former == Former(models / "1", version=1, since=1)
        assert is_in_use(models, 1)
        shutil.move(models / "1", models / "away")
        assert stages._former(work, 2, held) is None
        shutil.move(models / "away", models / "1")


def test_a_broken_file_ends_the_run_and_changes_nothing(shop: Shop) -> None:
    (shop.folder / "logs" / "99.parquet").write_bytes(b"PAR1 but no more")
    with pytest.raises(DataError, match=r"99\.parquet is not taken in"):
        shop.retrain()
    with shop.ledger() as connection:
        [last] = runs.latest(connection, 1)
    assert (last.state, last.exit_code, stable(shop)) == ("failed", 65, 1)
    with shop.ledger() as connection:
        assert [shard.name for shard in shards.pending(connection)] == ["24-27.parquet"]


def test_a_declared_drift_stops_the_run(shop: Shop) -> None:
    drift = {"columns": {"item_id": {"threshold": 1e-6, "action": "stop"}}}
    with pytest.raises(DataError, match="unlike those learned: `item_id`"):
        shop.retrain(shop.config(drift=drift))
    assert stable(shop) == 1


MOVED = {"threshold": 1e-6}
"""Of a column: its new events are unlike the others, whatever they are."""
STILL = {"threshold": 1.0}


def quiet(shop: Shop, **item: Any) -> RunConfig:
    """Settings with which three days of the shop are too few events, unless items have drifted."""
    drift = {"watch": ["item_id"], "columns": {"item_id": item}}
    return shop.config(min_new_events=10**6, drift_after_events=1, drift=drift)


def rejected_for_good(shop: Shop, config: RunConfig, monkeypatch: pytest.MonkeyPatch) -> Ended:
    """A run whose verdict the ledger has."""
    judged_as(monkeypatch, passed=False, reason="1 of 9 rules is broken")
    ended = shop.retrain(config)
    with shop.ledger() as connection:
        gates.add(connection, ended.run_id, False, {"checks": []})
    return ended


def test_few_events_that_have_drifted_are_learned_at_once(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged_as(monkeypatch, passed=False, reason="1 of 9 rules is broken")
    ended = shop.retrain(quiet(shop, **MOVED))
    assert ended.exit_code == 10
    plan = json.loads((run_folder(shop, ended.run_id) / "plan" / "done.json").read_text())
    said = r"it goes on from version 1; [\d,]+ new events have drifted: `item_id`"
    assert re.fullmatch(said, plan["reason"])
    with shop.ledger() as connection:
        assert runs.get(connection, ended.run_id).trigger == "schedule: drift"


def test_few_events_that_have_not_drifted_wait(shop: Shop) -> None:
    ended = shop.retrain(quiet(shop, **STILL))
    assert ended.exit_code == 11
    assert ended.reason.endswith("`retraining.min_new_events` = 1,000,000, and like those learned")


def test_drift_is_not_measured_where_it_does_not_count(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idle, "drift_of", lambda *_: pytest.fail("it was measured"))
    assert shop.retrain(shop.config(min_new_events=10**6)).exit_code == 11


def test_drift_that_stops_is_not_learned_however_often_it_is_tried(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages, "build", lambda *_: pytest.fail("it was learned"))
    for _ in range(2):
        with pytest.raises(DataError, match="unlike those learned: `item_id`"):
            shop.retrain(quiet(shop, **MOVED, action="stop"))
    with shop.ledger() as connection:
        ended = [(one.state, one.exit_code) for one in runs.latest(connection, 2)]
    assert ended == [("failed", 65)] * 2


def test_drifted_events_that_were_rejected_wait_for_more(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = quiet(shop, **MOVED)
    rejected = rejected_for_good(shop, config, monkeypatch)
    monkeypatch.setattr(idle, "drift_of", lambda *_: pytest.fail("it was measured"))
    again = shop.retrain(config)
    assert again.exit_code == 11
    assert again.reason.startswith(f"the run {rejected.run_id} was rejected")


def test_the_history_says_what_began_a_run(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    judged_as(monkeypatch, passed=False, reason="1 of 9 rules is broken")
    stale = shop.config(min_new_events=10**6, max_staleness_hours=1)
    found = [
        shop.retrain(trigger="cron"),
        shop.retrain(stale, clock=lambda: NOW + 7_200),
        shop.retrain(full=True),
    ]
    with shop.ledger() as connection:
        said = [runs.get(connection, one.run_id).trigger for one in found]
    assert said == ["cron: events", "schedule: staleness", "schedule: asked for"]


STAGES = ("validate", "gate", "publish")


@pytest.mark.slow
@pytest.mark.parametrize("stage", STAGES)
def test_a_run_that_dies_after_a_stage_goes_on_and_ends_the_same(
    stage: str, shop: Shop, second: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = cycle if stage == "publish" else stages
    work = getattr(module, stage)

    def dies(*arguments: Any) -> None:
        work(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, stage, dies)
        with pytest.raises(KeyboardInterrupt):
            shop.retrain()
    ended = shop.retrain()
    # What dies after its publication has committed it, so the next run finds nothing new.
    assert ended.exit_code == (11 if stage == "publish" else 0)
    assert stable(shop) == 2
    assert_same_weights(shop, second)
    with shop.ledger() as connection:
        assert check_balance(connection) == []
        assert len(versions.consumed_by(connection, 2)) == 1


def assert_same_weights(shop: Shop, other: Shop) -> None:
    for part in ("retrieval", "ranking/model"):
        mine, theirs = (checkpoint(trained(one) / part / "latest") for one in (shop, other))
        assert_same_numbers(mine, theirs)


def trained(shop: Shop) -> Path:
    with shop.ledger() as connection:
        return run_folder(shop, versions.get(connection, 2).run_id)


def test_other_settings_do_not_go_on_with_a_run_that_was_killed(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(stages, "build", dies)
        with pytest.raises(KeyboardInterrupt):
            shop.retrain()
    other = changed(shop.config(), {"retrieval.temperature": 0.2})
    with pytest.raises(ArtifactError, match="the settings were changed"):
        shop.retrain(other)
    with shop.ledger() as connection:
        assert runs.unfinished(connection) is None


def test_a_rollback_makes_the_next_run_begin_anew(
    second: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from exports.publishing.store import rollback

    shop = copied(second, tmp_path)
    rollback(shop.artifacts / "models", "shop")
    shop.bring(27, 30)
    plans = []

    def planned(_: Any, plan: Plan, *others: Any) -> None:
        plans.append(plan)
        raise KeyboardInterrupt

    monkeypatch.setattr(stages, "build", planned)
    with pytest.raises(KeyboardInterrupt):
        shop.retrain()
    assert (plans[0].policy, plans[0].parent) == ("full", None)
    assert "version 1 is served" in plans[0].reason


def test_old_runs_keep_their_reports_alone(second: Shop) -> None:
    folder = second.artifacts / "retraining" / "shop"
    assert len([path for path in (folder / "datasets").iterdir() if path.is_dir()]) <= 2
    for path in (folder / "runs").iterdir():
        assert (path / "config.json").exists()


def test_the_metrics_file_says_how_stale_the_model_is(second: Shop) -> None:
    text = (second.artifacts / "retraining" / "shop" / "metrics.prom").read_text()
    assert 'tfrs_retraining_version{model="shop"} 2.0' in text
    assert 'tfrs_retraining_last_run_exit_code{model="shop"} 0.0' in text
    with second.ledger() as connection:
        until = versions.get(connection, 2).trained_until_us / 1e6
    assert f'staleness_seconds{{model="shop"}} {1_750_000_000.0 - until!r}' in text


def test_the_log_has_the_runs_id_in_every_line(second: Shop) -> None:
    run = trained(second)
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    assert lines[-1]["message"].startswith("version 2 is published")
    assert {line["run_id"] for line in lines} == {run.name}


def test_a_split_that_is_not_one_in_time_is_refused(first: Shop) -> None:
    config = changed(first.config(), {"data.split": {"type": "random", "options": {}}})
    with pytest.raises(ConfigError, match=r"`data\.split\.type` must be `global_temporal`"):
        first.retrain(config)


def test_the_same_events_are_not_rejected_twice(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    rejected = rejected_for_good(shop, shop.config(), monkeypatch)
    again = shop.retrain()
    assert again.exit_code == 11
    assert (
        again.reason == f"the run {rejected.run_id} was rejected with the same events and settings"
    )
    assert not run_folder(shop, again.run_id).exists()
    other = shop.config(gate={"min_users": 20, "min_slice_users": 10_000})
    assert shop.retrain(other).exit_code == 10
    shop.bring(27, 28)
    assert shop.retrain().exit_code == 10


def last_hours_again(path: Path) -> None:
    """Keep the events of the last five hours of a file, a microsecond earlier: as new ones."""
    events = pq.read_table(path)
    place = events.schema.get_field_index("timestamp")
    earlier = pc.subtract(events["timestamp"], pa.scalar(1, pa.duration("us")))
    since = pc.subtract(pc.max(earlier), pa.scalar(5 * 3_600_000_000, pa.duration("us")))
    moved = events.set_column(place, "timestamp", earlier)
    pq.write_table(moved.filter(pc.greater(earlier, since)), path)


def test_new_events_of_the_gates_window_alone_wait_for_newer_ones(
    second: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = copied(second, tmp_path)
    last_hours_again(shop.bring(26, 27, "again.parquet"))
    monkeypatch.setattr(stages, "train_warm", lambda *_: pytest.fail("it was trained"))
    ended = shop.retrain()
    assert ended.exit_code == 11
    assert "lie in the window of the gate" in ended.reason
    with shop.ledger() as connection:
        assert [one.name for one in shards.pending(connection)] == ["again.parquet"]
