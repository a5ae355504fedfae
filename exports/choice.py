"""`export.index.type: auto`: build several indexes, measure each, take the fastest that will do."""

import contextlib
import math
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from configs.errors import EnvironmentFault
from configs.export import IndexConfig
from exports.contest import EXACT, Contest, Measured, choose
from exports.index import Index, build_index, measure_recall, open_index
from exports.manifest import bytes_on_disk

EXACT_BELOW = 2_000
"""Candidates below which no index is faster than the exact one by what a server would notice."""
_TOP = 100
_TIMED_QUERIES = 200
_WARM_UP_QUERIES = 10
_SEARCHED = (50, 20, 10)
"""The trees search one of so many partitions."""


@dataclass(frozen=True)
class Vectors:
    """What indexes are built and measured with.

    Attributes:
        embeddings: float32 [N, D], of the candidates.
        ids: the N candidate ids.
        queries: float32 [Q, D], of real queries, Q > 0.
        seed: of every random choice.
    """

    embeddings: NDArray[np.float32]
    ids: Sequence[str]
    queries: NDArray[np.float32]
    seed: int


@dataclass(frozen=True)
class Chosen:
    """The index of a bundle.

    Attributes:
        type: name of the plug-in and of the folder.
        recall: share of the exact top 100 that it finds.
        contest: against which others it was chosen; None when there was no contest.
        options: what it was built with and searches.
    """

    type: str
    recall: float
    contest: Contest | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


def choose_index(vectors: Vectors, min_recall: float, folder: Path) -> Chosen:
    """Write the exact index and the one that wins.

    Args:
        vectors: the catalogue and real queries.
        min_recall: what the winner finds at least of the exact top 100.
        folder: where `<type>` of both is written.

    Raises:
        ArtifactError: bad embeddings or ids, no query, or a build that failed.
    """
    exact = measured(IndexConfig(type=EXACT), vectors, folder / EXACT, folder / EXACT)
    if len(vectors.embeddings) < EXACT_BELOW:
        return Chosen(EXACT, exact.recall)
    with tempfile.TemporaryDirectory(prefix=".contest-", dir=folder) as work:
        entered = {folder / EXACT: exact}
        for number, config in enumerate(rivals(len(vectors.embeddings))):
            place = Path(work, str(number))
            # A library that is not installed here has no say.
            with contextlib.suppress(EnvironmentFault):
                entered[place] = measured(config, vectors, place, folder / EXACT)
        found = tuple(entered.values())
        chosen = choose(found, min_recall)
        if found[chosen].type != EXACT:
            list(entered)[chosen].rename(folder / found[chosen].type)
    winner = found[chosen]
    return Chosen(winner.type, winner.recall, Contest(found, chosen), winner.options)


def rivals(count: int) -> list[IndexConfig]:
    """What the exact index is measured against.

    Args:
        count: number of candidates.

    Returns:
        ScaNN one by one where that is its rule, its trees, and the graph of FAISS.
    """
    scann = IndexConfig(type="scann")
    flat = [scann] if count < scann.options["brute_force_below"] else []
    trees = [
        IndexConfig(type="scann", options={"brute_force_below": 0, "leaves_to_search": searched})
        for searched in (max(1, math.isqrt(count) // part) for part in _SEARCHED)
    ]
    return [*flat, *trees, IndexConfig(type="faiss_hnsw")]


def measured(config: IndexConfig, vectors: Vectors, folder: Path, exact: Path) -> Measured:
    """Build an index and measure it.

    Args:
        config: type and options.
        vectors: the catalogue and real queries.
        folder: empty or missing; holds the index afterwards.
        exact: where the exact index of the same candidates lies, which may be `folder`.

    Raises:
        ArtifactError: bad embeddings or ids, no query, or a build that failed.
        EnvironmentFault: the library of the index is not installed.
    """
    start = time.perf_counter()
    build_index(config, vectors.embeddings, vectors.ids, folder, vectors.seed)
    return measured_as_built(config, vectors, folder, exact, time.perf_counter() - start)


def measured_as_built(
    config: IndexConfig, vectors: Vectors, folder: Path, exact: Path, build_seconds: float
) -> Measured:
    """Measure an index that lies in `folder` already; the rest is as for `measured`."""
    index = open_index(folder)
    recall = measure_recall(index, open_index(exact), vectors.queries, _TOP)
    median, slow = latency(index, vectors.queries[:_TIMED_QUERIES])
    size = bytes_on_disk(folder)
    options = dict(config.options)
    return Measured(config.type, options, recall, median, slow, build_seconds, size)


def latency(
    index: Index, queries: NDArray[np.float32], clock: Callable[[], float] = time.perf_counter
) -> tuple[float, float]:
    """Median and 99th percentile of searches for the best 100, one query at a time, milliseconds.

    Args:
        index: what is searched.
        queries: float32 [Q, D], Q > 0; the first ones are asked before the clock runs, too.
        clock: seconds since some moment.
    """
    for row in range(min(_WARM_UP_QUERIES, len(queries))):
        index.search(queries[row : row + 1], _TOP)
    seconds = []
    for row in range(len(queries)):
        start = clock()
        index.search(queries[row : row + 1], _TOP)
        seconds.append(clock() - start)
    median, slow = np.percentile(seconds, [50, 99]) * 1e3
    return float(median), float(slow)
