"""A shop whose clock stands in UTC."""

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from support.intake import Shop

from trainers.retraining.ledger.balance import check_balance
from trainers.retraining.ledger.database import open_ledger


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """An empty shop; what a test leaves in its ledger adds up."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    shop = Shop(tmp_path, open_ledger(tmp_path / "state.db"))
    yield shop
    with closing(shop.ledger) as ledger:
        assert check_balance(ledger) == []
