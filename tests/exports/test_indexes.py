"""Every index goes through the same facts."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from configs import plugins
from configs.errors import ArtifactError, ConfigError
from configs.export import IndexConfig
from exports import index as index_module
from exports.build_index import main
from exports.changed_index import Changes, changed_index
from exports.index import Index, build_index, measure_recall, open_index

CASES = {name: IndexConfig(type=name) for name in plugins.names("index")} | {
    "scann tree": IndexConfig(type="scann", options={"brute_force_below": 0}),
    "scann without soar": IndexConfig(type="scann", options={"brute_force_below": 0, "soar": None}),
    "scann more leaves than items": IndexConfig(
        type="scann", options={"brute_force_below": 0, "num_leaves": 50_000}
    ),
    "faiss codes": IndexConfig(type="faiss_ivfpq", options={"flat_below": 0}),
}


def unit(values: NDArray[np.float64]) -> NDArray[np.float32]:
    """Rows of length 1."""
    return (values / np.linalg.norm(values, axis=1, keepdims=True)).astype(np.float32)


def clustered(rows: int, seed: int = 0, dim: int = 16) -> NDArray[np.float32]:
    """Unit vectors around 50 centres."""
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(99).standard_normal((50, dim))
    return unit(centres[random.integers(0, 50, rows)] + 0.4 * random.standard_normal((rows, dim)))


def names(rows: int) -> list[str]:
    return [f"item {row}" for row in range(rows)]


def build(config: IndexConfig, embeddings: NDArray[np.float32], folder: Path) -> Index:
    build_index(config, embeddings, names(len(embeddings)), folder, seed=7)
    return open_index(folder)


@pytest.fixture(scope="module", params=CASES)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("index") / "built"
    config = CASES[request.param]
    build_index(config, clustered(300), names(300), path, seed=7)
    return path


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Builds without the child process, which costs a second."""
    monkeypatch.setattr(index_module, "_run_child", main)


@pytest.fixture
def index(folder: Path) -> Index:
    return open_index(folder)


def test_finds_each_vector_first_for_itself(index: Index) -> None:
    positions, scores = index.search(clustered(300), 1)
    assert positions[:, 0].tolist() == list(range(300))
    np.testing.assert_allclose(scores, 1.0, atol=1e-5)


def test_answers_in_the_promised_types(index: Index) -> None:
    positions, scores = index.search(clustered(2), 5)
    assert (positions.dtype, positions.shape) == (np.int64, (2, 5))
    assert (scores.dtype, scores.shape) == (np.float32, (2, 5))


def test_scores_are_inner_products_best_first(index: Index) -> None:
    queries = clustered(20, seed=3)
    positions, scores = index.search(queries, 10)
    expected = np.einsum("bd,bkd->bk", queries, clustered(300)[positions])
    np.testing.assert_allclose(scores, expected, atol=1e-5)
    assert (np.diff(scores, axis=1) <= 0).all()


def test_pads_when_k_is_past_the_catalogue(folder: Path) -> None:
    positions, scores = open_index(folder).search(clustered(2), 310)
    filled = (positions >= 0).sum(axis=1)
    assert (filled <= 300).all()
    assert (positions[:, 300:] == -1).all()
    assert np.isneginf(scores[positions == -1]).all()


def test_never_answers_a_position_twice(index: Index) -> None:
    positions, _ = index.search(clustered(3), 300)
    for row in positions:
        found = row[row >= 0]
        assert len(set(found.tolist())) == len(found)


def test_answers_no_query_with_no_row(index: Index) -> None:
    positions, scores = index.search(np.empty((0, 16), np.float32), 4)
    assert positions.shape == scores.shape == (0, 4)


def test_refuses_a_query_with_nan(index: Index) -> None:
    queries = clustered(3)
    queries[1, 2] = np.nan
    with pytest.raises(ArtifactError, match="row 1 holds NaN"):
        index.search(queries, 4)


def test_refuses_a_query_of_another_width(index: Index) -> None:
    with pytest.raises(ArtifactError, match=r"float32 \[B, 16\]"):
        index.search(clustered(3, dim=8), 4)


@pytest.mark.parametrize("k", [0, -1])
def test_refuses_k_below_one(index: Index, k: int) -> None:
    with pytest.raises(ConfigError, match=f"`k` must be at least 1, got {k}"):
        index.search(clustered(1), k)


def test_answers_a_query_of_zeros(index: Index) -> None:
    positions, _ = index.search(np.zeros((1, 16), np.float32), 3)
    assert (positions >= 0).all()


def test_answers_the_same_in_another_process(folder: Path, tmp_path: Path) -> None:
    queries = clustered(5, seed=4)
    np.save(tmp_path / "queries.npy", queries)
    code = (
        "import sys, pathlib, numpy as np\n"
        "from exports.index import open_index\n"
        "index, work = open_index(pathlib.Path(sys.argv[1])), sys.argv[2]\n"
        "np.save(work + '/found.npy', index.search(np.load(work + '/queries.npy'), 7)[0])\n"
    )
    subprocess.run([sys.executable, "-c", code, str(folder), str(tmp_path)], check=True)
    expected, _ = open_index(folder).search(queries, 7)
    np.testing.assert_array_equal(np.load(tmp_path / "found.npy"), expected)


@pytest.mark.parametrize("case", CASES)
def test_finds_both_of_two_equal_vectors(case: str, tmp_path: Path, in_process: None) -> None:
    embeddings = clustered(60)
    embeddings[31] = embeddings[17]
    positions, _ = build(CASES[case], embeddings, tmp_path / "index").search(embeddings[17:18], 2)
    assert set(positions[0].tolist()) == {17, 31}


@pytest.mark.parametrize("case", CASES)
def test_holds_a_catalogue_of_one(case: str, tmp_path: Path, in_process: None) -> None:
    index = build(CASES[case], clustered(1), tmp_path / "index")
    positions, _ = index.search(clustered(1), 3)
    assert positions.tolist() == [[0, -1, -1]]


@pytest.mark.parametrize("case", plugins.names("index"))
def test_recall_on_clustered_vectors_with_defaults(
    case: str, tmp_path: Path, in_process: None
) -> None:
    embeddings, queries = clustered(5_000), clustered(100, seed=5)
    index = build(IndexConfig(type=case), embeddings, tmp_path / case)
    exact = build(IndexConfig(type="exact"), embeddings, tmp_path / "truth")
    assert measure_recall(index, exact, queries) >= 0.95


def test_tree_recall_on_clustered_vectors(tmp_path: Path, in_process: None) -> None:
    embeddings, queries = clustered(5_000), clustered(100, seed=5)
    index = build(CASES["scann tree"], embeddings, tmp_path / "tree")
    exact = build(IndexConfig(type="exact"), embeddings, tmp_path / "truth")
    assert measure_recall(index, exact, queries, k=20) >= 0.9


@pytest.mark.parametrize("case", CASES)
def test_one_seed_builds_one_index(case: str, tmp_path: Path, in_process: None) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for path in (first, second):
        build(CASES[case], clustered(200), path)
    files = sorted(path.name for path in first.iterdir())
    assert [(first / f).read_bytes() for f in files] == [(second / f).read_bytes() for f in files]


def test_an_added_candidate_is_found(index: Index) -> None:
    new = unit(np.ones((1, 16)))
    changed = changed_index(index, Changes.none(16).upsert([300], new))
    positions, scores = changed.search(new, 5)
    assert positions[0, 0] == 300
    assert scores[0, 0] == pytest.approx(1, abs=1e-5)
    assert changed.size == 301


def test_a_removed_candidate_is_not_found(index: Index) -> None:
    query = clustered(300)[17:18]
    expected = [p for p in index.search(query, 6)[0][0] if p != 17]
    changed = changed_index(index, Changes.none(16).delete([17]))
    assert changed.search(query, 5)[0][0].tolist() == expected
    assert changed.size == 299


def test_a_changed_candidate_is_found_by_its_new_embedding_alone(index: Index) -> None:
    old, new = clustered(300)[17:18], unit(np.ones((1, 16)))
    changed = changed_index(index, Changes.none(16).upsert([17], new))
    assert changed.search(new, 1)[0].tolist() == [[17]]
    assert changed.search(old, 1)[0].tolist() != [[17]]
    assert changed.size == 300
