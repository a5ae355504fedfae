"""Which events a model has not learned yet.

Legend: E events.
"""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from tfrs_models.data.dataset import PreparedDataset
from tfrs_models.features.tables import table_path

SEQUENCE = "shard_sequence"
"""The column of the accepted log that tells which shard an event came with."""


def fresh_events(
    dataset: PreparedDataset, trained_until_us: int, sequences: Collection[int]
) -> NDArray[np.bool_]:
    """The events after a moment, and those before it that came late: bool [E].

    Args:
        dataset: prepared from the accepted log.
        trained_until_us: from which moment on the model has learned nothing.
        sequences: of the shards that it has not learned.
    """
    import pyarrow.parquet as pq

    stored = pq.read_table(table_path(dataset, "context"), columns=[SEQUENCE])
    shard = stored.column(0).to_numpy()
    fresh: NDArray[np.bool_] = dataset.events.time >= trained_until_us
    return fresh | np.isin(shard, list(sequences))
