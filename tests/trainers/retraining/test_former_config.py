"""Runs that another version of the program has left."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.retraining import Shop, open_shop
from support.training import tiny_config

from configs.errors import ArtifactError
from configs.run import RunConfig
from trainers.folders import CONFIG, write_json
from trainers.retraining import stages
from trainers.retraining.end import NOTHING_NEW
from trainers.retraining.former_config import former_config
from trainers.retraining.ledger import runs


class Stopped(BaseException):
    """What ends a run without a word in the ledger, as a kill does."""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A shop whose first run was stopped before its training."""

    def stops(*_: Any) -> None:
        raise Stopped

    found = open_shop(tmp_path)
    found.bring(0, 24)
    monkeypatch.setattr(stages, "build", stops)
    with pytest.raises(Stopped):
        found.retrain(settings(found), full=True)
    return found


def settings(shop: Shop) -> RunConfig:
    """Without `full` there are never enough events."""
    return shop.config(min_new_events=10**9)


def unfinished(shop: Shop) -> str | None:
    with shop.ledger() as ledger:
        left = runs.unfinished(ledger)
    return left.id if left else None


def test_settings_that_this_program_knows_are_read(tmp_path: Path) -> None:
    write_json(tmp_path / CONFIG, tiny_config().model_dump(mode="json"))
    assert former_config(tmp_path) == tiny_config()


@pytest.mark.parametrize("text", ["", '{"name": "tiny", "strange": 1}'])
def test_settings_that_it_does_not_know_are_none(text: str, tmp_path: Path) -> None:
    (tmp_path / CONFIG).write_text(text)
    assert former_config(tmp_path) is None


def test_settings_that_are_gone_are_none(tmp_path: Path) -> None:
    assert former_config(tmp_path) is None


def test_a_run_that_another_program_began_gives_way_to_a_new_one(shop: Shop) -> None:
    left = unfinished(shop)
    config = shop.artifacts / "retraining" / "shop" / "runs" / str(left) / CONFIG
    config.write_text(json.dumps(json.loads(config.read_text()) | {"strange": 1}))
    with pytest.raises(ArtifactError, match="are those of another version of the program"):
        shop.retrain(settings(shop))
    assert unfinished(shop) is None
    assert shop.retrain(settings(shop)).exit_code == NOTHING_NEW


def test_what_was_planned_is_done_though_nobody_asks_for_it_again(shop: Shop) -> None:
    left = unfinished(shop)
    with pytest.raises(Stopped):
        shop.retrain(settings(shop), full=False)
    assert unfinished(shop) == left
