"""Retraining where ids come, go, or are all others."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray
from support.retraining import EASY, Shop
from support.retraining_processes import Retraining, assert_second_version_is_whole
from support.training import checkpoint

from configs.errors import DataError
from configs.load import changed
from tfrs_models.data.dataset import FIRST_ROW
from tfrs_models.features.spec import FeatureSpec
from trainers.retraining.end import PUBLISHED
from trainers.retraining.ledger import shards, versions

LEARN_TWO_DAYS = {"split": {"options": {"test_days": 1}}}
"""A window so short that some of what has just come is learned at once."""
SIDES = ("user_id", "item_id")
A_FIFTH, EACH_FIFTH = 0.2, 5


@pytest.mark.slow
def test_a_fifth_more_ids_are_learned_behind_those_known(copied: Retraining) -> None:
    before = {side: known(copied, 1, side) for side in SIDES}
    path = copied.shop.bring(24, 27)
    for side in SIDES:
        rename(copied.shop, path, side, most_active(path, side, int(A_FIFTH * len(before[side]))))
    ended = copied.run(data=LEARN_TWO_DAYS)
    assert ended.code == PUBLISHED, ended.output
    assert "Warm training" in ended.output
    for side in SIDES:
        now = known(copied, 2, side)
        assert now[: len(before[side])] == before[side]
        assert len(now) >= (1 + A_FIFTH) * len(before[side]) - 1
    assert_second_version_is_whole(copied)


@pytest.mark.slow
def test_what_a_fifth_of_the_ids_has_taught_stays_when_they_never_come_again(
    copied: Retraining,
) -> None:
    gone = {side: known(copied, 1, side)[::EACH_FIFTH] for side in SIDES}
    for days in ((24, 27), (27, 30)):  # the second learns what came with the first
        path = copied.shop.bring(*days)
        for side, names in gone.items():
            leave_out(path, side, names)
        ended = copied.run(retraining={"warm": {"replay_share": 0.0}})
        assert ended.code == PUBLISHED, ended.output
    for side, names in gone.items():
        assert known(copied, 3, side)[::EACH_FIFTH][: len(names)] == names
    # An item moves on as long as it stands in the history of a user who comes; a user does not.
    before, after = (retrieval_tables(copied, number, "user_id") for number in (2, 3))
    rows = [FIRST_ROW + EACH_FIFTH * place for place in range(len(gone["user_id"]))]
    assert before.keys() == after.keys()
    assert len(before) == 3  # the table and its two slots
    for name, was in before.items():
        np.testing.assert_array_equal(after[name][rows], was[rows])
        assert (after[name][: len(was)] != was).any()  # though others have learned


@pytest.mark.slow
def test_where_all_ids_are_others_the_run_stops_and_a_full_one_learns_them(
    copied: Retraining,
) -> None:
    shop = copied.shop
    path = shop.bring(24, 27)
    for side in SIDES:
        rename(shop, path, side, most_active(path, side, None))
    # The champion knows nobody in this window, which the gate takes for broken data.
    config = changed(
        shop.config(gate=EASY["gate"] | {"max_champion_drop": None}), {"data": LEARN_TWO_DAYS}
    )
    with pytest.raises(DataError, match=r"max_growth` = 0\.5.*--full") as stopped:
        shop.retrain(config)
    assert stopped.value.exit_code == 65
    assert (copied.last_run().state, copied.stable) == ("failed", 1)
    with copied.ledger() as ledger:
        assert [shard.name for shard in shards.pending(ledger)] == ["24-27.parquet"]
    ended = shop.retrain(config, full=True)
    assert (ended.exit_code, ended.version) == (PUBLISHED, 2), ended.reason
    with copied.ledger() as ledger:
        assert versions.get(ledger, 2).policy == "full"
    assert_second_version_is_whole(copied)


def run_folder(retraining: Retraining, number: int) -> Path:
    with retraining.ledger() as ledger:
        return retraining.state / "runs" / versions.get(ledger, number).run_id


def known(retraining: Retraining, number: int, side: str) -> list[str]:
    """The ids that a version knows, by row."""
    spec = FeatureSpec.load(run_folder(retraining, number) / "features")
    return spec.vocabulary(side).read_text("utf-8").splitlines()


def retrieval_tables(retraining: Retraining, number: int, side: str) -> dict[str, NDArray[Any]]:
    """What the retrieval of a version holds for each id, weights and slots, by row."""
    rows = len(known(retraining, number, side)) + FIRST_ROW
    found = checkpoint(run_folder(retraining, number) / "retrieval" / "latest")
    return {name: values for name, values in found.items() if values.shape[:1] == (rows,)}


def most_active(path: Path, side: str, number: int | None) -> list[str]:
    """The ids with most events in a file; all of them without a number."""
    counts = pc.value_counts(pq.read_table(path)[side]).to_pylist()
    return [one["values"] for one in sorted(counts, key=lambda one: -one["counts"])][:number]


def rename(shop: Shop, path: Path, side: str, names: Sequence[str]) -> None:
    """Give other names to ids in a file, and to copies of their rows in the table of items."""
    events = pq.read_table(path)
    pq.write_table(_renamed(events, side, names), path)
    table = shop.folder / "all" / f"{side.removesuffix('_id')}s.parquet"
    known_rows = pq.read_table(table)
    copies = known_rows.filter(pc.is_in(known_rows[side], pa.array(names)))
    pq.write_table(pa.concat_tables([known_rows, _renamed(copies, side, names)]), table)


def _renamed(rows: pa.Table, side: str, names: Sequence[str]) -> pa.Table:
    chosen = pc.is_in(rows[side], pa.array(names))
    other = pc.binary_join_element_wise("new", rows[side], "-")
    column = pc.if_else(chosen, other, rows[side])
    return rows.set_column(rows.schema.get_field_index(side), side, column)


def leave_out(path: Path, side: str, names: Sequence[str]) -> None:
    """Take the events of ids out of a file."""
    events = pq.read_table(path)
    pq.write_table(events.filter(pc.invert(pc.is_in(events[side], pa.array(names)))), path)
