"""What one system achieved: values of each user, intervals, slices, spread over the catalogue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from configs.evaluation import EvaluationConfig
from tfrs_models.data.dataset import PreparedDataset
from tfrs_models.evaluation.intervals import Bootstrap, Interval, intervals
from tfrs_models.evaluation.popularity import head, train_counts
from tfrs_models.evaluation.queries import Queries
from tfrs_models.evaluation.slices import Slice, slices
from tfrs_models.metrics.accuracy import accuracy
from tfrs_models.metrics.catalogue import coverage, exposure, gini, novelty, popularity_share
from tfrs_models.metrics.diversity import Vectors, diversity, unit_rows

HEAD_SHARE = 0.1
"""Of the trained items, the most popular ones."""


@dataclass(frozen=True)
class SliceResult:
    """Accuracy on a part of the queries.

    Attributes:
        queries: how many; `intervals` is empty without any.
        intervals: by metric, such as `recall@20`.
    """

    queries: int
    intervals: Mapping[str, Interval]


@dataclass(frozen=True)
class SystemResult:
    """All measurements of one system.

    Attributes:
        name: the system, such as `item_knn`.
        group: where it stands in the keys: `baselines`, `retrieval`, `two_stage`.
        values: metric -> float64 [Q], one value a query.
        intervals: means of `values` with their 95% bounds.
        beyond: means of what is not accuracy, such as `coverage@20`; undefined ones are missing.
        slices: by name.
        cold_start: by name, see `with_cold_start`; empty where that was not measured.
        bootstrap: how the intervals were drawn.
        seconds: time to fit and rank, when measured.
    """

    name: str
    group: str
    values: Mapping[str, NDArray[np.float64]]
    intervals: Mapping[str, Interval]
    beyond: Mapping[str, float]
    slices: Mapping[str, SliceResult]
    bootstrap: Bootstrap
    seconds: float | None = None
    cold_start: Mapping[str, SliceResult] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """`group.name`, or the name alone where both are the same."""
        return self.name if self.name == self.group else f"{self.group}.{self.name}"


def evaluate_lists(
    name: str,
    group: str,
    lists: NDArray[np.int32],
    queries: Queries,
    dataset: PreparedDataset,
    config: EvaluationConfig,
    seed: int,
    item_vectors: Vectors | None = None,
    seconds: float | None = None,
) -> SystemResult:
    """Measure the lists of one system.

    Args:
        name: the system.
        group: where it stands in the keys.
        lists: int32 [Q, K], item rows, best first; 0 is no item. Where K is below the largest k
            the empty places count as misses.
        queries: the queries, in the order of `lists`.
        dataset: the prepared dataset.
        config: list lengths and resamples.
        seed: seed of the resamples; the same for all systems that are compared.
        item_vectors: [num_items, D], dense or sparse, for the diversity; left out when missing.
        seconds: time to fit and rank.
    """
    bootstrap = Bootstrap(config.bootstrap_samples, seed)
    values = accuracy(lists, queries.targets, config.ks)
    return SystemResult(
        name=name,
        group=group,
        values=values,
        intervals=intervals(values, bootstrap),
        beyond=beyond_accuracy(lists, dataset, config.ks, item_vectors),
        slices={s.name: measure(s, lists, config.ks, bootstrap) for s in slices(dataset, queries)},
        bootstrap=bootstrap,
        seconds=seconds,
    )


def measure(
    part: Slice, lists: NDArray[np.int32], ks: Sequence[int], bootstrap: Bootstrap
) -> SliceResult:
    """Accuracy on a part of the queries.

    Args:
        part: which queries, and which of their targets.
        lists: int32 [Q, K], item rows, best first, of all queries.
        ks: lengths of the lists.
        bootstrap: how to resample.
    """
    if len(part.queries) == 0:
        return SliceResult(0, {})
    values = accuracy(lists[part.queries], part.targets, ks)
    return SliceResult(len(part.queries), intervals(values, bootstrap))


def beyond_accuracy(
    lists: NDArray[np.int32],
    dataset: PreparedDataset,
    ks: Sequence[int],
    item_vectors: Vectors | None = None,
) -> dict[str, float]:
    """Coverage, Gini, popularity share, novelty and diversity at every k.

    Popular are the 10% of the trained items with the most training events. Undefined values (no
    list holds an item; no list holds a pair) are left out.

    Args:
        lists: int32 [Q, K], item rows; 0 is no item.
        dataset: for the catalogue and the training events.
        ks: lengths of the lists.
        item_vectors: [num_items, D], dense or sparse; without them no diversity.
    """
    counts = train_counts(dataset)
    popular = head(counts, HEAD_SHARE)
    vectors = None if item_vectors is None else unit_rows(item_vectors)
    results = {}
    for k in ks:
        first = lists[:, :k]
        exposed = exposure(first, dataset.num_items)
        results[f"coverage@{k}"] = coverage(exposed)
        results[f"gini@{k}"] = gini(exposed)
        results[f"popularity_share@{k}"] = popularity_share(first, popular)
        results[f"novelty@{k}"] = _mean(novelty(first, counts))
        if vectors is not None:
            results[f"diversity@{k}"] = _mean(diversity(first, vectors))
    return {name: value for name, value in results.items() if np.isfinite(value)}


def _mean(values: NDArray[np.float64]) -> float:
    """Mean of the defined values; NaN without any."""
    defined = values[np.isfinite(values)]
    return float(defined.mean()) if len(defined) else float("nan")
