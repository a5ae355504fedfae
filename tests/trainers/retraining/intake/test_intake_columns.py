"""A free column keeps its kind, so that the log can be read as one table."""

from datetime import date, datetime
from itertools import pairwise, permutations

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.intake import START

from configs.errors import DataError
from tfrs_models.data.sources import files
from trainers.retraining.intake.log_config import log_config
from trainers.retraining.ledger import shards

KINDS = {
    "number": [1, 2.5],
    "text": ["a", "1"],
    "date": [date(2020, 1, 1)],
    "time": [datetime(2020, 1, 1)],
    "truth": [True],
    "list": [[1], ["a"], [2.5]],
    "struct": [{"a": 1}, {"b": "x"}],
}
ONE_KIND = [pair for values in KINDS.values() for pair in permutations(values, 2)]
TWO_KINDS = list(pairwise([*(values[0] for values in KINDS.values()), 1, "a"]))


def put(shop, number, **free):
    """A file of 4 events whose free columns have the same value everywhere."""
    rows = range(4)
    columns = {
        "user": [f"u{n}" for n in rows],
        "item": [f"i{number}{n}" for n in rows],
        "when": [START + 60 * n for n in rows],
        "kind": ["view" for _ in rows],
        **{name: [value for _ in rows] for name, value in free.items()},
    }
    pq.write_table(pa.table(columns), shop.put(f"{number}.parquet", b""))


def read_log(shop):
    """The rows of the log as training reads them."""
    options = log_config(
        shop.config(), shop.log, shards.all_shards(shop.ledger)
    ).data.source_options
    with duckdb.connect() as connection:
        raw = files.read(options, connection, shop.folder, 0)
        return connection.sql(f'FROM "{raw.events}"').fetchall()


@pytest.mark.parametrize(("first", "second"), ONE_KIND)
def test_values_of_one_kind_come_into_one_log(shop, first, second):
    put(shop, 1, extra=first)
    put(shop, 2, extra=second)
    assert len(shop.take().shards) == 2
    assert len(read_log(shop)) == 8


@pytest.mark.parametrize(("first", "second"), TWO_KINDS)
def test_a_file_in_which_a_column_has_another_kind_is_refused(shop, first, second):
    put(shop, 1, extra=first)
    put(shop, 2, other="x")
    put(shop, 3, extra=second)
    with pytest.raises(DataError, match=r"3\.parquet is not taken in: its column `extra` is"):
        shop.take()


def test_an_empty_column_is_of_any_kind(shop):
    for number, value in enumerate((None, date(2020, 1, 1), None), start=1):
        put(shop, number, extra=value)
    assert len(shop.take().shards) == 3
    assert len(read_log(shop)) == 12
