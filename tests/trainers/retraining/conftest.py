"""An empty ledger, and a shop that is retrained, made once for each module that asks for it."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from support.retraining import Shop, open_shop

from trainers.retraining.ledger.database import open_ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """An empty ledger."""
    with closing(open_ledger(tmp_path / "ledger.db")) as connection:
        yield connection


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A shop with 24 days and a published version."""
    shop = open_shop(tmp_path_factory.mktemp("shop"))
    shop.bring(0, 24)
    ended = shop.retrain()
    assert (ended.exit_code, ended.version) == (0, 1), ended.reason
    return shop


@pytest.fixture
def shop(first: Shop, tmp_path: Path) -> Shop:
    """A copy of the shop after its first version, with three more days to learn."""
    shutil.copytree(first.folder, tmp_path, dirs_exist_ok=True)
    shop = Shop(tmp_path)
    shop.bring(24, 27)
    return shop
