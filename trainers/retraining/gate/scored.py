"""What one model achieved on one window, query by query.

Legend: Q queries, K length of the lists.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from configs.errors import DataError
from configs.gate import split_metric
from tfrs_models.evaluation.queries import Queries
from tfrs_models.metrics.accuracy import accuracy


@dataclass(frozen=True)
class Facts:
    """What a model is like apart from its hits; None where it was not measured.

    Attributes:
        index_recall: share of the exact lists that the index finds, on real queries.
        p99_ms: 99th percentile of the answer times, milliseconds.
        bytes: size on disk.
        coverage: share of the catalogue that any list holds.
        popularity_share: share of the places of the lists that hold a popular item.
    """

    index_recall: float | None = None
    p99_ms: float | None = None
    bytes: float | None = None
    coverage: float | None = None
    popularity_share: float | None = None


@dataclass(frozen=True)
class Scored:
    """The measurements of one model on one window.

    Attributes:
        users: integer [Q], the user of each query; queries of one user are one cluster.
        metrics: name -> float64 [Q], larger is better.
        facts: what else is known.

    Raises:
        DataError: a metric has not one value a query.
    """

    users: NDArray[np.integer]
    metrics: Mapping[str, NDArray[np.float64]]
    facts: Facts = field(default_factory=Facts)

    def __post_init__(self) -> None:
        for name, values in self.metrics.items():
            if values.shape != self.users.shape:
                raise DataError(
                    f"`{name}` must have one value a query, {self.users.shape}, received the shape "
                    f"{values.shape}: score the lists of the same queries"
                )


def score_lists(
    lists: NDArray[np.int32], queries: Queries, metrics: Iterable[str]
) -> dict[str, NDArray[np.float64]]:
    """The metrics of each query: name -> float64 [Q].

    Args:
        lists: int32 [Q, K], item rows, best first; 0 is no item. Where K is below the k of a
            metric the empty places count as misses.
        queries: the queries, in the order of `lists`.
        metrics: names such as `recall@20`.

    Raises:
        ValueError: there is no such metric.
    """
    wanted = list(metrics)
    ks = sorted({split_metric(name)[1] for name in wanted})
    measured = accuracy(lists, queries.targets, ks)
    return {name: measured[name] for name in wanted}
