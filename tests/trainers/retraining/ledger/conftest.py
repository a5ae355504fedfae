"""A ledger on disk."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from trainers.retraining.ledger.database import open_ledger


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "state.db"


@pytest.fixture
def ledger(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_ledger(path)) as connection:
        yield connection
