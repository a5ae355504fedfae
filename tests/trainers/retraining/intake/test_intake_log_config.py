"""The accepted log is read as the files were."""

import numpy as np
import pytest
from support.intake import csv, events
from support.ledgers import shard

from configs.errors import ConfigError
from configs.run import RunConfig
from tfrs_models.data.prepare import prepare
from trainers.retraining.intake.log_config import log_config, recent
from trainers.retraining.ledger import shards

ITEMS = "sku,price_class\n" + "".join(f"i{n},{n % 2}\n" for n in range(7))


@pytest.fixture
def config(shop):
    """A shop with a mapping, a filter, a time format, attributes and an item table."""
    path = shop.folder / "items.csv"
    path.write_text(ITEMS)
    return shop.config(
        items=str(path),
        item_table={"columns": {"item_id": "sku"}},
        item_columns=["price"],
        filters=[{"column": "event_type", "op": "=", "value": "view"}],
        timestamp_format="s",
    )


def test_the_log_gives_the_dataset_of_the_files(shop, config):
    rows = events(200)
    shop.put("a.csv", rows[:120])
    shop.put("b.csv", rows[120:])
    shop.take(files=config.data.source_options.model_dump())
    direct = prepare(config.data, 7, shop.folder / "datasets")
    other = log_config(config, shop.log, shards.all_shards(shop.ledger))
    through = prepare(other.data, 7, shop.folder / "datasets")
    assert through.fingerprint != direct.fingerprint
    for column in vars(direct.events):
        assert np.array_equal(
            getattr(direct.events, column), getattr(through.events, column), equal_nan=True
        )
    for name in ("items.parquet", "vocabularies/item_id.txt", "vocabularies/user_id.txt"):
        assert (direct.folder / name).read_bytes() == (through.folder / name).read_bytes()


def test_items_and_users_stay_and_what_the_log_has_done_is_not_done_again(shop, config):
    found = log_config(config, shop.log, shards.all_shards(shop.ledger)).data.source_options
    given = config.data.source_options
    assert (found.items, found.item_table) == (given.items, given.item_table)
    assert found.item_columns == ("price",)
    assert (found.filters, found.event_table.columns, found.timestamp_format) == ((), {}, "auto")


def test_all_else_of_the_run_stays(shop, config):
    found = log_config(config, shop.log, shards.all_shards(shop.ledger))
    assert found.model_dump(exclude={"data"}) == config.model_dump(exclude={"data"})
    assert found.data.split == config.data.split


def test_rows_put_aside_and_unfinished_files_are_not_read(shop, config):
    rows = [("", "i", 0, "view", "1"), *events(60)]
    shop.put("a.csv", csv(rows))
    shop.take(files=config.data.source_options.model_dump())
    (shop.log / ".unfinished-000002-x.parquet").write_bytes(b"half")
    dataset = prepare(
        log_config(config, shop.log, shards.all_shards(shop.ledger)).data,
        7,
        shop.folder / "datasets",
    )
    assert len(dataset.events) == sum(row[3] == "view" for row in rows[1:])


def test_a_run_that_reads_no_files_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="must be `files`"):
        log_config(RunConfig(), tmp_path, [])


def test_files_whose_events_are_all_older_are_not_read():
    # The newest event lies at day 40, so that ten days begin at day 30.
    days = (29.9, 30.0, 40.0)
    found = [shard(n, last_us=int(day * 86_400e6)) for n, day in enumerate(days, start=1)]
    assert [one.sequence for one in recent(found, 10)] == [2, 3]


def test_without_a_number_of_days_all_are_read():
    found = [shard(1), shard(2, last_us=10**18), shard(3, last_us=None)]
    assert recent(found, None) == found


def test_an_empty_log_has_no_files():
    assert recent([], 10) == []
