"""Disturbed files, late, repeated and shuffled, teach what clean ones teach."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.retraining import DAY_US, Shop
from support.retraining_processes import Retraining
from support.training import assert_same_numbers

from trainers.retraining.end import PUBLISHED
from trainers.retraining.ledger import shards

HOUR_US = DAY_US // 24
FILE_US = 2 * HOUR_US
MOST_LATE_US = 2 * HOUR_US
"""An event comes at most so late, and behind one file of two hours more: less than six hours."""
SHARE = 0.05
LEARN_TWO_DAYS = {"split": {"options": {"test_days": 1}}}
"""A window so short that some of what has just come is learned at once."""


@pytest.mark.slow
def test_late_repeated_and_shuffled_events_give_the_log_and_the_weights_of_clean_ones(
    copied: Retraining, tmp_path: Path
) -> None:
    clean = Retraining(copied.host, Shop(tmp_path / "clean"))
    shutil.copytree(copied.shop.folder, clean.shop.folder)
    clean.shop.bring(24, 27)
    disturb(copied.shop.bring(24, 27), seed=20)
    for retraining in (clean, copied):
        ended = retraining.run(data=LEARN_TWO_DAYS)
        assert ended.code == PUBLISHED, ended.output
    assert accepted(copied) == accepted(clean)
    with copied.ledger() as ledger:
        taken = shards.all_shards(ledger)[1:]
    rows = sum(shard.accepted for shard in taken)
    assert len(taken) > 3 * 24 // 4  # of three days, a file each two hours, less at night
    assert sum(shard.duplicates for shard in taken) == pytest.approx(SHARE * rows, rel=0.2)
    assert sum(shard.late + shard.quarantined for shard in taken) == 0
    assert_same_numbers(copied.learned(), clean.learned())


def disturb(path: Path, seed: int) -> None:
    """Make a file many, of two hours each: some rows late, some twice, rows and files shuffled."""
    draw, rows = np.random.default_rng(seed), pq.read_table(path)
    path.unlink()
    time = rows["timestamp"].cast("int64").to_numpy()
    late = draw.random(len(time)) < SHARE
    arrival = time + late * draw.integers(0, MOST_LATE_US, len(time))
    number = (arrival - time.min()) // FILE_US
    files = np.unique(number)
    behind_the_next = 1.5 * draw.integers(0, 2, len(files))
    for place, file in enumerate(files[np.argsort(files + behind_the_next)]):
        mine = np.flatnonzero(number == file)
        again = draw.choice(mine, int(SHARE * len(mine)), replace=False)
        both = draw.permutation(np.concatenate([mine, again]))
        pq.write_table(rows.take(both), path.with_name(f"{place:03}.parquet"))


def accepted(retraining: Retraining) -> list[tuple[Any, ...]]:
    """All rows of the log, sorted."""
    tables = [pq.read_table(path) for path in (retraining.state / "log").glob("*.parquet")]
    whole = pa.concat_tables(tables, promote_options="default").drop_columns("shard_sequence")
    return sorted((tuple(row.values()) for row in whole.to_pylist()), key=repr)
