from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.datasets import make_dataset

from tfrs_models.data.dataset import PreparedDataset
from trainers.retraining.fresh import fresh_events


@pytest.fixture
def dataset(tmp_path: Path) -> PreparedDataset:
    """Six events of one user at seconds 0 to 5; the third came with the second shard."""
    made = make_dataset(tmp_path, ["u"] * 6, list("abcdef"), range(6))
    path = tmp_path / "events.parquet"
    shard = pa.array([1, 1, 2, 1, 2, 2], pa.int32())
    pq.write_table(pq.read_table(path).append_column("shard_sequence", shard), path)
    return made


def test_events_after_the_moment_are_fresh_and_late_ones_too(dataset: PreparedDataset) -> None:
    fresh = fresh_events(dataset, 4_000_000, [2])
    np.testing.assert_array_equal(fresh, [False, False, True, False, True, True])


def test_events_in_shards_that_were_learned_are_fresh_after_the_moment(
    dataset: PreparedDataset,
) -> None:
    # What a former run kept for its gate is learned by the next one.
    fresh = fresh_events(dataset, 3_000_000, [])
    np.testing.assert_array_equal(fresh, [False, False, False, True, True, True])
