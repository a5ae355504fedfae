"""A free column keeps its kind, so that the log can be read as one table."""

from datetime import date, datetime
from decimal import Decimal
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


def typed(kind, value):
    return pa.array([value] * 4, kind)


MOMENT = datetime(2020, 1, 1)
FAR = datetime(9999, 1, 1)
MIXTURES = {
    "integers and decimals": (typed(pa.int64(), 1), typed(pa.decimal128(10, 2), Decimal("1.50"))),
    "decimals and doubles": (typed(pa.decimal128(10, 2), Decimal("1.50")), typed(pa.float64(), 2)),
    "signed and unsigned": (typed(pa.int64(), -1), typed(pa.uint64(), 2**64 - 1)),
    "with and without a zone": (
        typed(pa.timestamp("us", "UTC"), MOMENT),
        typed(pa.timestamp("us"), FAR),
    ),
    "of two precisions": (typed(pa.timestamp("us"), MOMENT), typed(pa.timestamp("ns"), MOMENT)),
    "lists of numbers and of text": ([1], ["a"]),
    "lists of truths and of numbers": ([True], [2.5]),
}
UNREADABLE = {
    "times beyond nanoseconds": (typed(pa.timestamp("us"), FAR), typed(pa.timestamp("ns"), MOMENT)),
    "integers of more digits than decimals have": (
        typed(pa.int64(), 2**63 - 1),  # 19 digits; the decimals have 18 before the point
        typed(pa.decimal128(38, 20), Decimal(1)),
    ),
    "lists of dates and of numbers": ([date(2020, 1, 1)], [1]),
    "lists and lists of lists": ([1], [[1]]),
    "fields of numbers and of lists": ({"a": 1}, {"a": [1]}),
}


def duckdb_type(value):
    column = value if isinstance(value, pa.Array) else pa.array([value])
    return str(duckdb.from_arrow(pa.table({"x": column})).types[0])


def put(shop, number, **free):
    """A file of 4 events whose free columns have the same value everywhere."""
    rows = range(4)
    columns = {
        "user": [f"u{n}" for n in rows],
        "item": [f"i{number}{n}" for n in rows],
        "when": [START + 60 * n for n in rows],
        "kind": ["view" for _ in rows],
        **{
            name: value if isinstance(value, pa.Array) else [value for _ in rows]
            for name, value in free.items()
        },
    }
    pq.write_table(pa.table(columns), shop.put(f"{number}.parquet", b""))


def read_log(shop):
    """The rows of the log as training reads them."""
    options = log_config(
        shop.config(), shop.log, shards.all_shards(shop.ledger)
    ).data.source_options
    with duckdb.connect() as connection:
        raw = files.read(options, connection, shop.folder, 0)
        connection.execute("SET TimeZone = 'UTC'")
        return connection.sql(f'FROM "{raw.events}"').to_arrow_table().to_pylist()


@pytest.mark.parametrize(("first", "second"), ONE_KIND)
def test_values_of_one_kind_come_into_one_log(shop, first, second):
    put(shop, 1, extra=first)
    put(shop, 2, extra=second)
    assert len(shop.take().shards) == 2
    assert len(read_log(shop)) == 8


@pytest.mark.parametrize("turned", [1, -1])
@pytest.mark.parametrize("mixture", MIXTURES)
def test_types_that_training_reads_as_one_come_into_one_log(shop, mixture, turned):
    first, second = MIXTURES[mixture][::turned]
    put(shop, 1, extra=first)
    put(shop, 2, extra=second)
    put(shop, 3, extra=first)
    assert len(shop.take().shards) == 3
    assert len(read_log(shop)) == 12


@pytest.mark.parametrize("turned", [1, -1])
@pytest.mark.parametrize("mixture", UNREADABLE)
def test_a_column_that_training_could_not_read_as_one_is_refused(shop, mixture, turned):
    first, second = UNREADABLE[mixture][::turned]
    put(shop, 1, extra=first)
    put(shop, 2, extra=second)
    with pytest.raises(DataError) as error:
        shop.take()
    kinds = [
        str(duckdb.from_arrow(pa.table({"x": one})).types[0]) for one in columns(first, second)
    ]
    assert f"2.parquet is not taken in: its column `extra` is {kinds[1]}" in str(error.value)
    assert f"in the log it is {kinds[0]}: convert the file" in str(error.value)
    assert len(read_log(shop)) == 4


def columns(*values):
    return [one if isinstance(one, pa.Array) else pa.array([one]) for one in values]


def test_a_column_must_fit_all_files_of_the_log_not_the_last_one_alone(shop):
    put(shop, 1, extra={"a": 1})
    put(shop, 2, extra={"b": 1})
    put(shop, 3, extra={"a": [1]})
    with pytest.raises(DataError, match=r"3\.parquet .*`extra` is STRUCT\(a BIGINT\[\]\)"):
        shop.take()


def test_letter_case_makes_no_other_column(shop):
    put(shop, 1, Extra=date(2020, 1, 1))
    put(shop, 2, extra=1)
    with pytest.raises(DataError, match=r"its column `extra` is BIGINT, and in the log it is DATE"):
        shop.take()


def test_the_kinds_of_the_log_are_known_to_the_next_run(shop):
    put(shop, 1, extra=1)
    shop.take()
    put(shop, 2, extra=date(2020, 1, 1))
    with pytest.raises(DataError, match="its column `extra` is DATE"):
        shop.take()


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
