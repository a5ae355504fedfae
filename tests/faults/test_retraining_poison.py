"""Files that poison a log, through whole runs: what is refused, what is left out, what goes on."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from support.hooks import shell
from support.retraining_processes import Retraining, assert_second_version_is_whole
from support.training import assert_same_numbers

from configs.errors import DataError
from trainers.retraining.end import PUBLISHED, REJECTED
from trainers.retraining.ledger import shards
from trainers.retraining.ledger.balance import check_balance

FEW = 40
"""Broken rows that are put aside: of three days less than the 5% for which a file is refused."""
STOPS_BEFORE_TRAINING = {"hooks": [shell("exit 10", "pre_train", may_veto=True).model_dump()]}


Poison = Callable[[Path], None]


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def rewrite(change: Callable[[pa.Table], pa.Table], path: Path) -> None:
    pq.write_table(change(pq.read_table(path)), path)


def with_nan(rows: pa.Table, column: str, number: int | None = None) -> pa.Table:
    """The table with NaN in the first rows of a column, in all without a number."""
    values = rows[column].cast("int64") if column == "timestamp" else rows[column]
    broken = pa.array(np.arange(len(rows)) < (number or len(rows)))
    values = pc.if_else(broken, float("nan"), values.cast("double"))
    return rows.set_column(rows.schema.get_field_index(column), column, values)


POISON: dict[str, Poison] = {
    "a_missing_column": partial(rewrite, lambda rows: rows.drop_columns("timestamp")),
    "another_schema": partial(rewrite, lambda rows: pa.table({"id": range(len(rows))})),
    "no_rows": partial(rewrite, lambda rows: rows.slice(0, 0)),
    "nan_for_values": partial(rewrite, lambda rows: with_nan(rows, "value")),
    "nan_for_times": partial(rewrite, lambda rows: with_nan(rows, "timestamp")),
    "truncated": truncate,
}
PUT_ASIDE = {"nan_for_values": {"value is not finite"}, "nan_for_times": {"unparsable timestamp"}}
"""The reasons of the rows that can be read."""


@pytest.mark.slow
@pytest.mark.parametrize("kind", POISON)
def test_a_poisoned_file_stops_each_run_until_it_is_gone(kind: str, copied: Retraining) -> None:
    bad = bring_poison(copied, kind)
    for _ in range(2):
        assert_refused(copied, bad)
        assert set(reasons(copied, "refused-*")) == PUT_ASIDE.get(kind, set())
    bad.unlink()
    copied.shop.bring(24, 27)
    ended = copied.run(retraining=STOPS_BEFORE_TRAINING)
    assert ended.code == REJECTED, ended.output
    assert pending(copied) == ["24-27.parquet"]
    assert reasons(copied, "*") == []


@pytest.mark.slow
def test_after_all_poison_a_good_file_teaches_what_it_teaches_alone(
    copied: Retraining, restored: Retraining
) -> None:
    copied.shop.bring(24, 27)
    for kind in POISON:
        bad = bring_poison(copied, kind)
        assert_refused(copied, bad)
        bad.unlink()
        assert pending(copied) == ["24-27.parquet"]
    for retraining in (copied, restored):
        ended = retraining.run()
        assert ended.code == PUBLISHED, ended.output
    assert_second_version_is_whole(copied)
    assert_same_numbers(copied.learned(), restored.learned())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("column", "reason"), [("value", "value is not finite"), ("timestamp", "unparsable timestamp")]
)
def test_of_a_file_with_few_broken_rows_the_others_are_taken(
    column: str, reason: str, copied: Retraining
) -> None:
    path = copied.shop.bring(24, 27)
    rewrite(lambda rows: with_nan(rows, column, FEW), path)
    assert copied.run(retraining=STOPS_BEFORE_TRAINING).code == REJECTED
    with copied.ledger() as ledger:
        shard = shards.all_shards(ledger)[-1]
    assert (shard.quarantined, shard.accepted) == (FEW, shard.rows - FEW)
    assert reasons(copied, "*") == [reason] * FEW


@pytest.mark.slow
def test_a_file_of_one_user_is_learned_and_the_next_file_goes_on(copied: Retraining) -> None:
    path = copied.shop.bring(24, 27)
    rewrite(lambda rows: rows.filter(pc.equal(rows["user_id"], rows["user_id"][0])), path)
    ended = copied.run()
    assert ended.code == PUBLISHED, ended.output
    assert_second_version_is_whole(copied)
    copied.shop.bring(27, 30)
    assert copied.run(retraining=STOPS_BEFORE_TRAINING).code == REJECTED
    assert pending(copied) == ["27-30.parquet"]


def bring_poison(retraining: Retraining, kind: str) -> Path:
    path = retraining.shop.bring(27, 28, f"{kind}.parquet")
    POISON[kind](path)
    return path


def assert_refused(retraining: Retraining, bad: Path) -> None:
    """A run ends with 65 and names the file, of which nothing is taken in."""
    ended = retraining.run()
    assert ended.code == DataError.exit_code, ended.output
    assert f"{bad.name} is not taken in" in ended.output
    assert (retraining.last_run().state, retraining.stable) == ("failed", 1)
    with retraining.ledger() as ledger:
        assert bad.name not in [shard.name for shard in shards.all_shards(ledger)]
        assert check_balance(ledger) == []


def pending(retraining: Retraining) -> list[str]:
    with retraining.ledger() as ledger:
        return [shard.name for shard in shards.pending(ledger)]


def reasons(retraining: Retraining, names: str) -> list[str]:
    """Why rows were put aside, a reason a row."""
    found = (retraining.state / "log" / "quarantine").glob(f"{names}.parquet")
    return [reason for path in found for reason in pq.read_table(path)["reason"].to_pylist()]
