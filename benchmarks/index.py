"""Recall, time and size of every index on vectors shaped as a trained model's, on one thread.

    python benchmarks/index.py [--items 100000] [--dim 64] [--queries 1000] [--indexes FOLDER]
    python benchmarks/index.py --bundle FOLDER

Without a bundle the vectors are simulated: unit directions around centres, in a space whose axes
count less and less, and a popularity prior as the last column. With one they are its embeddings,
and the queries are those of some of its users. Recall is that of the exact top 100; times are of
one query at a time, and queries/s of batches of 256. Each index runs with several settings, FAISS
where it is installed and `hnswlib` too, beside which ours are compared at equal recall. Graphs are
built once, on one thread as well: that takes a minute for 100,000 items and half an hour for a
million, so `--indexes` keeps them for another run on the same vectors. The last line is JSON.
"""

import argparse
import importlib.util
import json
import math
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from configs.export import IndexConfig
from exports.choice import Vectors, latency, measured_as_built
from exports.contest import EXACT, Measured
from exports.index import Index, build_index, measure_recall, open_index
from exports.indexes import SETTINGS, exact, read_settings, reordered, write_settings
from exports.loader import load_model
from exports.user_rows import user_rows
from trainers.report.indexes import settings

Matrix = NDArray[np.float32]

TOP = 100
BATCH = 256
TIMED_QUERIES = 200
EQUAL_RECALL = 0.95
SEARCHED = (200, 100, 50, 20, 5)
"""One of so many partitions is searched."""
REORDERED = (1000, 500)
"""One of so many candidates is scored again exactly, but no fewer than the usual least."""
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
SOAR = 1.5
BREADTHS = (100, 200, 400)
NEIGHBORS, BUILD_BREADTH = 32, 200
OURS = "scann"
RIVALS = ("faiss_hnsw", "hnswlib")


@dataclass(frozen=True)
class Figures:
    """One setting of one index.

    Attributes:
        index: its name.
        settings: those that are not the defaults.
        recall: share of the exact top 100.
        p50_ms: median of single queries, milliseconds.
        p99_ms: 99th percentile, milliseconds.
        queries_per_second: in batches of 256.
        build_seconds: with the start of a process for ours.
        bytes: on disk.
    """

    index: str
    settings: str
    recall: float
    p50_ms: float
    p99_ms: float
    queries_per_second: float
    build_seconds: float
    bytes: int


def simulated(items: int, dim: int, queries: int, seed: int = 0) -> tuple[Matrix, Matrix]:
    """Embeddings [N, D + 1] and queries [Q, D + 1].

    A direction is one of about sqrt(N) centres and as much noise; axis i is shrunk by the root of
    i, as the spectrum of a matrix of events decays. The prior falls with the
    logarithm of an item's rank in popularity, from 0; a query has a 1 there.
    """
    random = np.random.default_rng(seed)
    spectrum = 1 / np.sqrt(np.arange(1, dim + 1))
    centres = random.standard_normal((math.isqrt(items), dim))

    def directions(rows: int) -> NDArray[np.float64]:
        around = centres[random.integers(0, len(centres), rows)]
        return unit((around + random.standard_normal((rows, dim))) * spectrum)

    prior = -0.05 * np.log1p(random.permutation(items))
    embeddings = np.column_stack([directions(items), prior])
    asked = np.column_stack([directions(queries), np.ones(queries)])
    return embeddings.astype(np.float32), asked.astype(np.float32)


def of_bundle(folder: Path, queries: int, seed: int = 0) -> tuple[Matrix, Matrix]:
    """The embeddings of a bundle, and those of queries by some of its users, now."""
    stored = pa.ipc.open_file(folder / "users.arrow").read_all()
    drawn = np.random.default_rng(seed).permutation(len(stored))[:queries]
    model = load_model(folder / "models" / "embed_query")
    embedded = model(user_rows(stored.take(drawn), model.inputs, int(time.time())))
    asked = embedded["query_embedding"]
    return np.array(exact.embeddings(folder / "index" / EXACT)), asked.reshape(-1, asked.shape[-1])


def unit(rows: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Rows of length 1."""
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float64)


def entrants(count: int) -> list[list[IndexConfig]]:
    """Every index of ours, the exact one first; those of one list differ in how they search."""
    parts = list(dict.fromkeys(max(1, math.isqrt(count) // part) for part in SEARCHED))
    configs = [[IndexConfig(type=EXACT)], [scann(brute_force_below=count + 1)]]
    again = list(dict.fromkeys(max(reordered(0, None), count // part) for part in REORDERED))
    trees = [
        {"brute_force_below": 0, "leaves_to_search": some, "reorder": reorder}
        for some in parts
        for reorder in again
    ]
    configs += [[scann(**tree, soar=soar) for tree in trees] for soar in (None, SOAR)]
    if importlib.util.find_spec("faiss") is None:
        return configs
    codes = [{"flat_below": 0, "lists_to_search": some} for some in parts]
    graphs = [{"search_breadth": breadth} for breadth in BREADTHS]
    configs += [[IndexConfig(type="faiss_ivfpq", options=options) for options in codes]]
    return [*configs, [IndexConfig(type="faiss_hnsw", options=options) for options in graphs]]


def scann(**options: float | None) -> IndexConfig:
    """ScaNN with some settings."""
    return IndexConfig(type="scann", options=options)


def ours(vectors: Vectors, folder: Path) -> Iterator[Figures]:
    """Of every index of ours; the exact one is left in `<folder>/exact`."""
    truth = folder / EXACT
    for number, configs in enumerate(entrants(len(vectors.embeddings))):
        place = truth if configs[0].type == EXACT else folder / str(number)
        seconds = built(configs[0], vectors, place)
        for config in configs:
            search_as(config, place)
            found = measured_as_built(config, vectors, place, truth, seconds)
            yield figures(found, throughput(open_index(place), vectors.queries))


def built(config: IndexConfig, vectors: Vectors, place: Path) -> float:
    """Seconds that building took, now or in an earlier run that kept the index."""
    done = place.with_suffix(".seconds")
    if not done.exists():
        start = time.perf_counter()
        build_index(config, vectors.embeddings, vectors.ids, place, vectors.seed)
        done.write_text(f"{time.perf_counter() - start}\n")
    return float(done.read_text())


def search_as(config: IndexConfig, folder: Path) -> None:
    """Give an index other settings of its searches, as if it had been built with them."""
    if not (folder / SETTINGS).exists():
        return
    settings, options = read_settings(folder), config.options
    changed = {name for name in settings if options.get(name) is not None}
    write_settings(folder, settings | {name: options[name] for name in changed})


def figures(found: Measured, queries_per_second: float) -> Figures:
    """What was measured by the export's own means, and the throughput."""
    numbers = asdict(found)
    name, _ = numbers.pop("type"), numbers.pop("options")
    return Figures(name, settings(found), queries_per_second=queries_per_second, **numbers)


def hnswlib(vectors: Vectors, folder: Path) -> Iterator[Figures]:
    """The graph of hnswlib with the edges and the breadths of ours; built once."""
    import hnswlib as library

    count, dim = vectors.embeddings.shape
    graph, path, done = library.Index(space="ip", dim=dim), folder / "hnswlib", folder / "hnswlib.s"
    if done.exists():
        graph.load_index(str(path), max_elements=count)
    else:
        done.write_text(f"{_build_graph(graph, vectors, path)}\n")
    graph.set_num_threads(1)

    def search(queries: Matrix, k: int) -> tuple[NDArray[np.int64], Matrix]:
        found, distances = graph.knn_query(queries, k)
        return found.astype(np.int64), 1 - distances

    index, truth = Index(search, count, dim), open_index(folder / EXACT)
    for breadth in BREADTHS:
        graph.set_ef(breadth)
        recall = measure_recall(index, truth, vectors.queries, TOP)
        median, slow = latency(index, vectors.queries[:TIMED_QUERIES])
        rate, seconds = throughput(index, vectors.queries), float(done.read_text())
        name, size = f"search_breadth {breadth}", path.stat().st_size
        yield Figures("hnswlib", name, recall, median, slow, rate, seconds, size)


def _build_graph(graph: Any, vectors: Vectors, path: Path) -> float:
    """Seconds that it took."""
    start = time.perf_counter()
    graph.init_index(
        len(vectors.embeddings),
        M=NEIGHBORS,
        ef_construction=BUILD_BREADTH,
        random_seed=vectors.seed,
    )
    graph.add_items(vectors.embeddings, num_threads=1)
    graph.save_index(str(path))
    return time.perf_counter() - start


def throughput(
    index: Index, queries: Matrix, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Queries a second in batches of 256."""
    start = clock()
    for first in range(0, len(queries), BATCH):
        index.search(queries[first : first + BATCH], TOP)
    return len(queries) / (clock() - start)


def at_recall(found: Sequence[Figures], recall: float) -> float | None:
    """Median milliseconds at a recall, on the line between the settings around it.

    A setting that another one beats in both does not count. One that finds more than was asked for
    stands for less when there is none below it.

    Returns:
        None when no setting finds so much.
    """
    best: list[Figures] = []
    for one in sorted(found, key=lambda one: (one.p50_ms, -one.recall)):
        if not best or one.recall > best[-1].recall:
            best.append(one)
    if not best or best[-1].recall < recall:
        return None
    xs, ys = [one.recall for one in best], [one.p50_ms for one in best]
    return float(np.interp(recall, xs, ys))


def comparison(found: Sequence[Figures]) -> dict[str, float | None]:
    """Milliseconds at equal recall, of ours and of the rivals."""
    named = {name: [one for one in found if one.index == name] for name in (OURS, *RIVALS)}
    return {name: at_recall(some, EQUAL_RECALL) for name, some in named.items()}


def sentence(rival: str, times: dict[str, float | None]) -> str:
    """How ours compares with a rival."""
    mine, other = times[OURS], times[rival]
    if mine is None or other is None:
        return f"{rival}: not compared; it is not installed, or one finds too little"
    return (
        f"at recall {EQUAL_RECALL}: {OURS} {mine:.3f} ms, {rival} {other:.3f} ms, "
        f"{other / mine:.2f} times ours"
    )


def line(one: Figures) -> str:
    """One row of the table."""
    return (
        f"{one.index:12} {one.settings:44} recall {one.recall:.4f}  p50 {one.p50_ms:7.3f} ms  "
        f"p99 {one.p99_ms:7.3f} ms  {one.queries_per_second:9,.0f}/s  "
        f"build {one.build_seconds:6.1f} s  {one.bytes / 2**20:8.1f} MiB"
    )


def run(vectors: Vectors, folder: Path) -> list[Figures]:
    """Measure and print all of them."""
    found = []
    works = [ours] if importlib.util.find_spec("hnswlib") is None else [ours, hnswlib]
    for work in works:
        for one in work(vectors, folder):
            print(line(one), flush=True)
            found.append(one)
    return found


def prepare_threads() -> None:
    """Import what brings threads, so that these can be limited, and limit those of children."""
    os.environ.update(ONE_THREAD)
    for name in ("faiss", "hnswlib"):
        if importlib.util.find_spec(name):
            importlib.import_module(name)


def main() -> None:
    """Make or read the vectors, measure, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bundle", type=Path)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--queries", type=int, default=1_000)
    parser.add_argument("--indexes", type=Path, help="keep what is built, and find it again")
    given = parser.parse_args()
    made = (
        of_bundle(given.bundle, given.queries)
        if given.bundle
        else simulated(given.items, given.dim, given.queries)
    )
    embeddings, queries = made
    vectors = Vectors(embeddings, [str(row) for row in range(len(embeddings))], queries, seed=0)
    prepare_threads()
    with tempfile.TemporaryDirectory() as work, threadpool_limits(1):
        folder = given.indexes or Path(work)
        folder.mkdir(parents=True, exist_ok=True)
        found = run(vectors, folder)
    times = comparison(found)
    for rival in RIVALS:
        print(sentence(rival, times))
    items, width = embeddings.shape
    result = {"items": items, "width": width, "queries": len(queries), "at_equal_recall": times}
    print(json.dumps(result | {"figures": [asdict(one) for one in found]}))


if __name__ == "__main__":
    main()
