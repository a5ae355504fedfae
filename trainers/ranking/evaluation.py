"""How good the ranking stage is by itself, how good it could be, and how many candidates it needs.

Legend: Q requests, K candidates of a list.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from configs.formula import SCORE
from tfrs_models.backend import tf
from tfrs_models.evaluation.intervals import Bootstrap, Interval, differences, intervals
from tfrs_models.evaluation.queries import Queries
from tfrs_models.evaluation.tasks import (
    TaskResult,
    measure_numbers,
    measure_orders,
    measure_probabilities,
)
from tfrs_models.features.pairs import Retrieved
from tfrs_models.metrics.accuracy import accuracy
from tfrs_models.metrics.hits import find_hits
from tfrs_models.models.ranker import Ranker
from tfrs_models.models.two_tower import TwoTower
from trainers.ranking.lists import RankedLists, score
from trainers.ranking.requests import Requests, requests_for, retrieved_columns
from trainers.ranking.windows import Window

CANDIDATES = (50, 100, 200, 500, 1000)
"""Lengths of retrieved lists that are compared."""

_K = 10
_TIMED = 100


@dataclass(frozen=True)
class CandidatesResult:
    """Both stages with one number of retrieved candidates.

    Attributes:
        candidates: K.
        recall: share of the targets that are retrieved at all.
        ndcg: NDCG@10 after the ranking, with its interval.
        difference: the same minus that with the configured number, paired.
        milliseconds: median time to rank one request in process, features of pairs included.
        slow_milliseconds: its 99th percentile.
    """

    candidates: int
    recall: float
    ndcg: Interval
    difference: Interval
    milliseconds: float
    slow_milliseconds: float


def task_results(ranker: Ranker, ranked: RankedLists) -> list[TaskResult]:
    """Each task on retrieved lists."""
    requests = ranked.requests
    raw = ranker.model.predictions({n: tf.constant(v) for n, v in ranked.logits.items()})
    results = []
    for place, (name, task) in enumerate(ranker.model.tasks.items()):
        labels = requests.labels[:, : requests.retrieved, place]
        output = ranked.outputs[name]
        if name in ranker.calibrators:
            before = raw[name].numpy()
            results.append(measure_probabilities(name, before, output, labels))
        elif task.objective.type == "softmax":
            results.append(measure_orders(name, output, labels))
        else:
            results.append(measure_numbers(name, output, labels))
    return results


def perfect(requests: Requests) -> NDArray[np.int32]:
    """The retrieved lists with every target first: what no ranker can exceed, int32 [Q, K]."""
    hits = find_hits(requests.lists, requests.queries.targets).matrix
    return np.take_along_axis(requests.lists, np.argsort(~hits, axis=1, kind="stable"), axis=1)


def by_candidates(
    ranker: Ranker, two_tower: TwoTower, window: Window, queries: Queries, bootstrap: Bootstrap
) -> list[CandidatesResult]:
    """The same requests with shorter and longer lists."""
    configured = window.material.config.ranking.candidates
    catalogue = int(window.listed.sum())
    numbers = sorted({*(k for k in CANDIDATES if k < catalogue), configured})
    longest = requests_for(two_tower, window, queries, max(numbers), extra=False)
    asked = {k: shortened(longest, k) for k in numbers}
    values = {k: _values(ranker, window, requests) for k, requests in asked.items()}
    return [
        CandidatesResult(
            k,
            float(values[k]["recall"].mean()),
            intervals({"ndcg": values[k]["ndcg"]}, bootstrap)["ndcg"],
            differences(
                {"ndcg": values[k]["ndcg"]}, {"ndcg": values[configured]["ndcg"]}, bootstrap
            )["ndcg"],
            *milliseconds(ranker, window, requests),
        )
        for k, requests in asked.items()
    ]


def shortened(requests: Requests, k: int) -> Requests:
    """The requests with the first k retrieved candidates alone."""
    items = requests.items[:, :k]
    retrieved = retrieved_columns(requests.scores[:, :k], items, items.shape[1])
    return replace(
        requests,
        items=items,
        standard=retrieved.standard,
        scores=retrieved.score,
        ranks=retrieved.rank,
        labels=requests.labels[:, :k],
        positive=requests.positive[:, :k],
        position=requests.position[:, :k],
        retrieved=items.shape[1],
    )


def _values(ranker: Ranker, window: Window, requests: Requests) -> dict[str, NDArray[np.float64]]:
    lists = score(ranker, window, requests).lists
    targets = requests.queries.targets
    width = lists.shape[1]
    return {
        "ndcg": accuracy(lists, targets, [_K])[f"ndcg@{_K}"],
        "recall": accuracy(lists, targets, [width])[f"recall@{width}"],
    }


def milliseconds(ranker: Ranker, window: Window, requests: Requests) -> tuple[float, float]:
    """Median and 99th percentile of the time to rank one request after the other."""
    material = window.material
    names = {*ranker.encoder.item_names, *ranker.encoder.pairs.item_names}
    items = {name: tf.constant(np.asarray(material.encoded.item[name])) for name in names}
    table = tf.constant(window.statistics)

    def rank(query: Mapping[str, Any], rows: Any, *retrieved: Any) -> Any:
        found = {name: tf.gather(column, rows) for name, column in items.items()}
        return ranker.predict(query, found, tf.gather(table, rows), Retrieved(*retrieved))[SCORE]

    compiled = tf.function(rank, reduce_retracing=True, autograph=False)
    times = []
    for place in range(min(_TIMED, len(requests))):
        row = slice(place, place + 1)
        query = {name: tf.constant(column[row]) for name, column in requests.columns.items()}
        arrays = (requests.items, requests.standard, requests.scores, requests.ranks)
        given = [tf.constant(array[row]) for array in arrays]
        start = time.perf_counter()
        compiled(query, *given).numpy()
        times.append(1000 * (time.perf_counter() - start))
    # The first call traces the graph.
    median, slow = np.percentile(times[1:] or times, [50, 99])
    return float(median), float(slow)
