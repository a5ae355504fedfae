"""`export.index.type: auto`: who takes part, how it is measured, and what is left in the folder."""

import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from configs.errors import ArtifactError, EnvironmentFault
from configs.export import IndexConfig
from exports import choice
from exports import index as index_module
from exports.build_index import main
from exports.choice import Vectors, choose_index, latency, rivals
from exports.index import Index, open_index
from exports.indexes import Found


@pytest.fixture(autouse=True)
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Builds without the child process, which costs a second."""
    monkeypatch.setattr(index_module, "_run_child", main)


@pytest.fixture(scope="module")
def vectors() -> Vectors:
    random = np.random.default_rng(0)
    rows = random.standard_normal((choice.EXACT_BELOW, 4)).astype(np.float32)
    return Vectors(rows, [str(row) for row in range(len(rows))], rows[:20] + 0.01, seed=7)


def settle(monkeypatch: pytest.MonkeyPatch, milliseconds: Sequence[float]) -> None:
    """Let the indexes take so long, in the order in which they are measured."""
    times = iter(milliseconds)
    monkeypatch.setattr(choice, "latency", lambda *_: (next(times), 9.0))


def only(monkeypatch: pytest.MonkeyPatch, *configs: IndexConfig) -> None:
    monkeypatch.setattr(choice, "rivals", lambda _: configs)


def test_a_small_catalogue_has_no_contest(vectors: Vectors, tmp_path: Path) -> None:
    small = Vectors(vectors.embeddings[:-1], vectors.ids[:-1], vectors.queries, 7)
    found = choose_index(small, 0.95, tmp_path)
    assert (found.type, found.recall, found.contest) == ("exact", 1.0, None)
    assert [path.name for path in tmp_path.iterdir()] == ["exact"]


def test_the_winner_lies_beside_the_exact_index(
    vectors: Vectors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch, IndexConfig(type="scann"), IndexConfig(type="faiss_hnsw"))
    settle(monkeypatch, [4.0, 1.0, 2.0])
    found = choose_index(vectors, 0.95, tmp_path)
    assert found.type == "scann"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["exact", "scann"]
    answers = [open_index(path).search(vectors.queries, 5)[0] for path in tmp_path.iterdir()]
    np.testing.assert_array_equal(*answers)


def test_all_that_were_measured_are_kept(
    vectors: Vectors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch, IndexConfig(type="faiss_hnsw"), IndexConfig(type="scann"))
    settle(monkeypatch, [4.0, 2.0, 1.0])
    contest = choose_index(vectors, 0.95, tmp_path).contest
    assert contest is not None
    assert [(one.type, one.p50_ms) for one in contest.measured] == [
        ("exact", 4.0), ("faiss_hnsw", 2.0), ("scann", 1.0)
    ]  # fmt: skip
    assert contest.chosen == 2
    # 2,000 float32 vectors of width 4 are 32,000 bytes, and the file has a header.
    assert 32_000 < contest.measured[0].bytes < 33_000


def test_the_exact_index_alone_is_left_when_it_wins(
    vectors: Vectors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch, IndexConfig(type="scann"))
    settle(monkeypatch, [1.0, 1.0])
    assert choose_index(vectors, 0.95, tmp_path).type == "exact"
    assert [path.name for path in tmp_path.iterdir()] == ["exact"]


def test_a_tree_that_searches_too_little_loses(
    vectors: Vectors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One of 44 partitions holds about 45 of the best 100 at most.
    options = {"brute_force_below": 0, "leaves_to_search": 1}
    only(monkeypatch, IndexConfig(type="scann", options=options))
    settle(monkeypatch, [4.0, 1.0])
    found = choose_index(vectors, 0.95, tmp_path)
    assert found.contest is not None
    assert found.contest.measured[1].recall < 0.95
    assert found.type == "exact"


def test_a_library_that_is_missing_takes_no_part(
    vectors: Vectors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> None:
        raise EnvironmentFault("no FAISS")

    def run_child(job: str) -> None:
        missing() if "faiss_hnsw" in job else main(job)

    monkeypatch.setattr(index_module, "_run_child", run_child)
    only(monkeypatch, IndexConfig(type="faiss_hnsw"), IndexConfig(type="scann"))
    settle(monkeypatch, [4.0, 1.0])
    contest = choose_index(vectors, 0.95, tmp_path).contest
    assert contest is not None
    assert [one.type for one in contest.measured] == ["exact", "scann"]


def test_without_a_query_nothing_is_chosen(vectors: Vectors, tmp_path: Path) -> None:
    silent = Vectors(vectors.embeddings, vectors.ids, vectors.queries[:0], 7)
    with pytest.raises(ArtifactError, match="at least one real query"):
        choose_index(silent, 0.95, tmp_path)


@pytest.mark.parametrize(
    ("count", "flat", "searched"),
    # 100 and 300 partitions: a fiftieth, a twentieth, a tenth. ScaNN's own rule changes at 50,000.
    [(10_000, [50_000], [2, 5, 10]), (90_000, [], [6, 15, 30])],
)
def test_rivals_follow_the_size(count: int, flat: list[int], searched: list[int]) -> None:
    found = rivals(count)
    scann = [one.options for one in found if one.type == "scann"]
    assert [one["brute_force_below"] for one in scann] == [*flat, 0, 0, 0]
    assert [one["leaves_to_search"] for one in scann[len(flat) :]] == searched
    assert found[-1].type == "faiss_hnsw"


def test_latency_is_that_of_single_queries() -> None:
    asked: list[int] = []

    def search(queries: NDArray[np.float32], k: int) -> Found:
        asked.append(len(queries))
        return np.zeros((len(queries), k), np.int64), np.zeros((len(queries), k), np.float32)

    # Query i takes i + 1 ms: of 1, ..., 101 the median is 51, and 100 is the 99th percentile.
    ends = itertools.accumulate(((n + 1) / 1e3 for n in range(101)), initial=0.0)
    ticks = itertools.pairwise(ends)
    clock = itertools.chain.from_iterable(ticks).__next__
    found = latency(Index(search, 100, 2), np.zeros((101, 2), np.float32), clock)
    assert found == pytest.approx((51.0, 100.0))
    assert set(asked) == {1}
