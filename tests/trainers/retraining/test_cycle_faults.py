"""Runs that meet what nobody expects: a defect, a rollback meanwhile, a crash at publication."""

import json
import shutil
from typing import Any

import pytest
from support.hooks import shell
from support.retraining import Shop

from configs.errors import ArtifactError
from exports.publishing.ledger import read_ledger, write_ledger
from exports.publishing.store import rollback
from trainers.retraining import cycle, publish, stages
from trainers.retraining.end import PUBLISHED, REJECTED
from trainers.retraining.ledger import runs, versions
from trainers.retraining.ledger.balance import check_balance
from trainers.retraining.work import Work

REJECTS = {"passed": False, "reason": "worse", "alarm": None}


class Stopped(BaseException):
    """What ends a process without a word in the ledger, as a kill does."""


def stops(*_: Any, **__: Any) -> None:
    raise Stopped


def published(shop: Shop) -> Any:
    return read_ledger(shop.artifacts / "models" / "shop")


def last_run(shop: Shop) -> runs.Run:
    with shop.ledger() as connection:
        return runs.latest(connection, 1)[0]


def rejected_cheaply(patch: pytest.MonkeyPatch) -> None:
    """Runs that train nothing and are rejected."""
    patch.setattr(stages, "build", lambda *_: {"trained_until_us": 0})
    patch.setattr(stages, "gate", lambda *_: REJECTS)


def killed(shop: Shop, patch: pytest.MonkeyPatch) -> runs.Run:
    """A run that is killed when its training begins."""
    with patch.context() as patched:
        patched.setattr(stages, "build", stops)
        with pytest.raises(Stopped):
            shop.retrain()
    return last_run(shop)


def breaks(*_: Any) -> None:
    raise TypeError("a [/defect]")


def test_a_defect_fails_the_run_tells_the_hooks_and_the_next_begins_anew(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = shop.folder / "told"
    config = shop.config(hooks=[shell(f"cat > {told}", "on_error").model_dump()])
    with monkeypatch.context() as patch:
        patch.setattr(stages, "build", breaks)
        with pytest.raises(TypeError):
            shop.retrain(config)
    failed = last_run(shop)
    assert (failed.state, failed.exit_code) == ("failed", 70)
    payload = json.loads(told.read_text())["payload"]
    assert payload == {"error": "unexpected TypeError: a [/defect]", "exit_code": 70}
    log = shop.artifacts / "retraining" / "shop" / "runs" / failed.id / "log.jsonl"
    assert "in breaks" in json.loads(log.read_text().splitlines()[-1])["error"]
    rejected_cheaply(monkeypatch)
    assert shop.retrain(config).exit_code == REJECTED
    assert last_run(shop).id != failed.id


def test_a_full_disk_does_not_end_a_run(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(stages, "build", full)
        with pytest.raises(OSError, match="No space left"):
            shop.retrain()
    left = last_run(shop)
    assert left.state == "running"
    rejected_cheaply(monkeypatch)
    assert shop.retrain().exit_code == REJECTED
    assert last_run(shop).id == left.id


def test_metrics_that_cannot_be_written_change_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    rejected_cheaply(monkeypatch)
    ended = shop.retrain(shop.config(metrics_file=str(shop.folder / "nowhere" / "shop.prom")))
    assert ended.exit_code == REJECTED
    assert "metrics could not be written" in log_of(shop, ended.run_id)


def log_of(shop: Shop, run_id: str) -> str:
    return (shop.artifacts / "retraining" / "shop" / "runs" / run_id / "log.jsonl").read_text()


def test_a_column_without_values_has_no_distance_among_the_metrics(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    rejected_cheaply(monkeypatch)

    def compared(work: Work, _: Any) -> Any:  # as in a log without prices
        distances = {"value": None, "item_id": 0.25}
        columns = [{"column": name, "distance": one} for name, one in distances.items()]
        (work.folder / "drift.json").write_text(json.dumps({"columns": columns}))
        return {"verdict": "ok", "anomalies": []}

    monkeypatch.setattr(stages, "validate", compared)
    assert shop.retrain().exit_code == REJECTED
    text = (shop.artifacts / "retraining" / "shop" / "metrics.prom").read_text()
    drift = [line for line in text.splitlines() if line.startswith("tfrs_retraining_drift{")]
    assert drift == ['tfrs_retraining_drift{model="shop",column="item_id"} 0.25']


def test_a_version_that_came_meanwhile_is_not_replaced(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages, "build", lambda *_: {"trained_until_us": 0})

    def judged_meanwhile(*_: Any) -> Any:
        before = published(shop)
        other = before.records[0].model_copy(update={"version": 7})
        folder = shop.artifacts / "models" / "shop"
        write_ledger(before.taking(7).with_record(other, "stable"), folder)
        return {"passed": True, "reason": "fine", "alarm": None}

    monkeypatch.setattr(stages, "gate", judged_meanwhile)
    monkeypatch.setattr(cycle, "publish", lambda *_: pytest.fail("it was published"))
    with pytest.raises(ArtifactError, match="version 7 is served, and version 1 was"):
        shop.retrain()
    assert (last_run(shop).state, last_run(shop).exit_code) == ("failed", 66)


@pytest.mark.slow
def test_a_version_that_was_rolled_back_before_its_record_is_not_published_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(publish, "write_version_record", stops)
        with pytest.raises(Stopped):
            shop.retrain()
    assert published(shop).stable == 2
    rollback(shop.artifacts / "models", "shop")
    monkeypatch.setattr(cycle, "ask", _only_pre_train)  # what is out already cannot be forbidden
    ended = shop.retrain()
    assert (ended.exit_code, ended.version) == (PUBLISHED, 2)
    assert (published(shop).last, published(shop).stable) == (2, 1)
    with shop.ledger() as connection:
        assert versions.latest(connection).number == 2
        assert check_balance(connection) == []


def _only_pre_train(_: Any, __: Any, event: Any) -> None:
    assert event.kind == "pre_train"


def test_what_a_value_says_is_no_markup(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    rejected_cheaply(monkeypatch)
    anomalies = [{"text": "`[/hats]` moved most", "action": "warn"}]
    monkeypatch.setattr(stages, "validate", lambda *_: {"verdict": "warn", "anomalies": anomalies})
    assert shop.retrain().exit_code == REJECTED


def test_a_full_training_that_is_asked_for_does_not_go_on_with_a_warm_one(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = killed(shop, monkeypatch)
    rejected_cheaply(monkeypatch)
    ended = shop.retrain(full=True)
    assert ended.run_id != left.id
    with shop.ledger() as connection:
        assert runs.get(connection, left.id).state == "interrupted"
        assert runs.get(connection, ended.run_id).trigger == "schedule: asked for"


def test_a_killed_run_whose_folder_is_gone_gives_way_to_a_new_one(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = killed(shop, monkeypatch)
    shutil.rmtree(shop.artifacts / "retraining" / "shop" / "runs" / left.id)
    with pytest.raises(ArtifactError, match=f"the run `{left.id}` cannot go on: its settings are"):
        shop.retrain()
    rejected_cheaply(monkeypatch)
    assert shop.retrain().exit_code == REJECTED


def test_the_history_says_how_a_run_trained(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    rejected_cheaply(monkeypatch)
    shop.retrain()
    assert (last_run(shop).policy, last_run(shop).parent) == ("warm", 1)
    shop.retrain(full=True)
    assert (last_run(shop).policy, last_run(shop).parent) == ("full", None)
