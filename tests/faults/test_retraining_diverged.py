"""A warm training that diverges on new data: nothing of it is served, and nothing is lost."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray
from support.forked import Host
from support.retraining import Shop, open_shop
from support.retraining_processes import Retraining, assert_second_version_is_whole

from configs.errors import DataError
from trainers.retraining.end import PUBLISHED
from trainers.retraining.ledger import shards

RAW_PRICE = {"item": {"price": {"type": "numeric", "transform": "none"}}}
"""A feature that nothing scales or clips."""
EXTREME = 1e38


@pytest.fixture
def priced(host: Host, tmp_path: Path) -> Retraining:
    """A shop with a published version that has learned from small raw prices."""
    shop = open_shop(tmp_path / "shop")
    reprice(shop, lambda _, prices: np.log1p(prices) / 5)
    shop.bring(0, 24)
    retraining = Retraining(host, shop)
    ended = retraining.run(features=RAW_PRICE)
    assert ended.code == PUBLISHED, ended.output
    return retraining


@pytest.mark.slow
def test_a_loss_that_is_not_finite_ends_the_run_and_mended_data_are_learned(
    priced: Retraining,
) -> None:
    path = priced.shop.bring(24, 27)
    items = priced.shop.folder / "all" / "items.parquet"
    shutil.copy(items, items.with_name("sound"))
    often = pc.mode(pc.index_in(pq.read_table(path)["item_id"], pq.read_table(items)["item_id"]))
    reprice(priced.shop, lambda row, prices: np.where(row == often[0][0].as_py(), EXTREME, prices))
    for _ in range(2):
        ended = priced.run(features=RAW_PRICE)
        assert ended.code == DataError.exit_code, ended.output
        assert "the training has diverged" in ended.output
        assert (priced.last_run().state, priced.stable) == ("failed", 1)
        with priced.ledger() as ledger:
            assert [shard.name for shard in shards.pending(ledger)] == ["24-27.parquet"]
    items.with_name("sound").replace(items)
    ended = priced.run(features=RAW_PRICE)
    assert ended.code == PUBLISHED, ended.output
    assert_second_version_is_whole(priced)
    assert [name for name, one in priced.learned().items() if not np.isfinite(one).all()] == []


Rows, Prices = NDArray[np.int64], NDArray[np.float32]


def reprice(shop: Shop, change: Callable[[Rows, Prices], Any]) -> None:
    """Give the items other prices, made of their rows and their prices."""
    path = shop.folder / "all" / "items.parquet"
    items = pq.read_table(path)
    prices = change(np.arange(len(items)), items["price"].to_numpy())
    place = items.schema.get_field_index("price")
    pq.write_table(items.set_column(place, "price", pa.array(prices, "float")), path)
