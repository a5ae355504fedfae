"""The metrics of one model in one step, and their file.

Legend: Q queries.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tfrs_models.durable import new_file

RETRIEVAL, TWO_STAGE = "retrieval", "two_stage"
NDCG, RECALL = "ndcg@20", "recall@20"
METRICS = (NDCG, RECALL)
K = 20
_USER = "user_id"


@dataclass(frozen=True)
class Scores:
    """What a model achieved; models that are scored in the same step have the same users.

    Attributes:
        users: object [Q], raw ids, ascending.
        metrics: `retrieval.ndcg@20` and so on -> float64 [Q].
    """

    users: NDArray[np.object_]
    metrics: Mapping[str, NDArray[np.float64]]


def save_scores(scores: Scores, path: Path) -> None:
    """Write a Parquet file, complete or absent."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    users = pa.array(scores.users, pa.string())
    with new_file(path) as unfinished:
        pq.write_table(pa.table({_USER: users, **scores.metrics}), unfinished)


def load_scores(path: Path) -> Scores:
    """Read what `save_scores` wrote."""
    import pyarrow.parquet as pq

    table = pq.ParquetFile(path).read()
    users = np.array(table.column(_USER).to_pylist(), object)
    names = [name for name in table.column_names if name != _USER]
    return Scores(users, {name: table.column(name).to_numpy() for name in names})
