"""A run that dies: its hooks are told all the same, and once."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support.hooks import shell
from support.retraining import NOW, Shop, open_shop

from configs.errors import DataError
from trainers.retraining import end, stages
from trainers.retraining.end import REJECTED
from trainers.retraining.ledger import runs


class Stopped(BaseException):
    """What ends a run without a word in the ledger, as a kill does."""


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A shop whose first events have come."""
    found = open_shop(tmp_path)
    found.bring(0, 24)
    return found


def stop_once_ended(shop: Shop, settings: Mapping[str, Any], patch: pytest.MonkeyPatch) -> None:
    """Run, and die right after the note of how the run has ended."""
    finish = runs.finish

    def stops(*arguments: Any) -> None:
        finish(*arguments)
        raise Stopped

    with patch.context() as patched:
        patched.setattr(end.runs, "finish", stops)
        with pytest.raises(Stopped):
            shop.retrain(shop.config(**settings))


def number_of_runs(shop: Shop) -> int:
    with shop.ledger() as ledger:
        return len(runs.latest(ledger, 10))


def test_of_a_rejection(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    told = shop.folder / "told"
    hooks = [
        shell("exit 10", "pre_train", may_veto=True).model_dump(),
        shell(f"echo told >> {told}", "on_reject").model_dump(),
    ]
    stop_once_ended(shop, {"hooks": hooks}, monkeypatch)
    assert shop.retrain(shop.config(hooks=hooks)).exit_code == REJECTED
    assert told.read_text() == "told\n"
    assert number_of_runs(shop) == 1


def test_of_a_fault(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    told = shop.folder / "told"
    hooks = [shell(f"echo told >> {told}", "on_error").model_dump()]
    (shop.folder / "logs" / "99.parquet").write_bytes(b"PAR1 but no more")
    stop_once_ended(shop, {"hooks": hooks}, monkeypatch)
    with pytest.raises(DataError):
        shop.retrain(shop.config(hooks=hooks))
    assert told.read_text() == "told\n"
    assert number_of_runs(shop) == 1


def test_what_was_told_before_a_kill_is_not_told_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, drift = shop.folder / "told", {"verdict": "warn", "anomalies": [{"text": "it moved"}]}
    kinds = ("on_drift", "post_train", "on_reject")
    hooks = [shell(f"echo {one} >> {told}", one).model_dump() for one in kinds]
    monkeypatch.setattr(stages, "validate", lambda *_: drift)
    monkeypatch.setattr(stages, "build", lambda *_: {"trained_until_us": 0})

    def stops(*_: Any) -> None:
        raise Stopped

    with monkeypatch.context() as patched:
        patched.setattr(stages, "gate", stops)
        with pytest.raises(Stopped):
            shop.retrain(shop.config(hooks=hooks))
    verdict = {"passed": False, "reason": "worse", "alarm": None}
    monkeypatch.setattr(stages, "gate", lambda *_: verdict)
    ended = shop.retrain(shop.config(hooks=hooks), clock=lambda: NOW + 60)
    assert ended.exit_code == REJECTED
    assert told.read_text().split() == [*kinds]
    assert number_of_runs(shop) == 1
