import sys
from pathlib import Path

import numpy as np
import pytest

from configs.errors import ArtifactError, EnvironmentFault
from configs.export import IndexConfig
from exports.index import Index, build_index, measure_recall, open_index
from exports.indexes import Found
from exports.indexes.exact import search_blocks

EXACT = IndexConfig(type="exact")
EYE = np.eye(3, dtype=np.float32)


def build(embeddings: np.ndarray, folder: Path, ids: tuple[str, ...] = ("a", "b", "c")) -> None:
    build_index(EXACT, embeddings, ids, folder, seed=0)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_refuses_an_embedding_that_is_not_finite(value: float, tmp_path: Path) -> None:
    embeddings = EYE.copy()
    embeddings[1, 1] = value
    with pytest.raises(ArtifactError, match=r"1 of 3 candidates holds NaN or infinity \(`b`\)"):
        build(embeddings, tmp_path / "index")


def test_refuses_an_embedding_of_length_zero(tmp_path: Path) -> None:
    embeddings = EYE.copy()
    embeddings[2] = 0
    with pytest.raises(ArtifactError, match=r"length zero \(`c`\)"):
        build(embeddings, tmp_path / "index")


def test_refuses_duplicate_ids(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="`a` in row 2 stands twice"):
        build(EYE, tmp_path / "index", ("a", "b", "a"))


def test_refuses_an_empty_id(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="row 1 is empty"):
        build(EYE, tmp_path / "index", ("a", "", "c"))


def test_refuses_an_empty_catalogue(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="N = 0 > 0"):
        build(np.empty((0, 3), np.float32), tmp_path / "index", ())


def test_refuses_fewer_ids_than_embeddings(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="N = 2"):
        build(EYE, tmp_path / "index", ("a", "b"))


def test_refuses_another_dtype(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="got float64"):
        build(np.eye(3), tmp_path / "index")


def test_opening_a_missing_index_says_so(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="no index lies in"):
        open_index(tmp_path)


def third_party(folder: Path, body: str, monkeypatch: pytest.MonkeyPatch) -> IndexConfig:
    """An index of a stranger, whose `build` has the given body."""
    package = folder / "strange_package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "strange.py").write_text(
        "import os\nfrom configs.errors import EnvironmentFault\n"
        "from configs.section import Section\nclass Options(Section):\n    '''None.'''\n"
        f"def build(options, embeddings, folder, seed):\n    {body}\n"
    )
    monkeypatch.syspath_prepend(str(folder))
    for name in ("strange_package", "strange_package.strange"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return IndexConfig(type="strange_package.strange")


def test_an_abort_in_the_build_is_an_error_with_its_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = third_party(tmp_path, "os.write(2, b'Check failed'); os.abort()", monkeypatch)
    with pytest.raises(ArtifactError, match="code -6") as caught:
        build_index(config, EYE, "abc", tmp_path / "index", seed=0)
    assert "Check failed" in str(caught.value)
    assert "`export.index.type: exact`" in str(caught.value)


def test_the_fault_of_a_build_keeps_its_class_and_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = third_party(tmp_path, "raise EnvironmentFault('no library')", monkeypatch)
    with pytest.raises(EnvironmentFault, match=r"^no library$"):
        build_index(config, EYE, "abc", tmp_path / "index", seed=0)


def test_a_failed_build_leaves_no_temporary_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = third_party(tmp_path, "os.abort()", monkeypatch)
    with pytest.raises(ArtifactError):
        build_index(config, EYE, "abc", tmp_path / "work" / "index", seed=0)
    assert [path.name for path in (tmp_path / "work").iterdir()] == ["index"]


def test_a_folder_named_like_a_package_does_not_shadow_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "__init__.py").write_text("raise SystemExit('hostile')")
    monkeypatch.chdir(tmp_path)
    build(EYE, tmp_path / "index")
    assert open_index(tmp_path / "index").size == 3


def test_missing_scann_names_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    from exports.indexes import scann

    for name in [name for name in sys.modules if name.split(".")[0] == "scann"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "scann", None)
    with pytest.raises(EnvironmentFault, match=r"`export\.index\.type: exact`"):
        scann._binding.__wrapped__()


def test_a_scann_folder_with_a_pickle_is_refused(tmp_path: Path) -> None:
    from exports.indexes import scann

    (tmp_path / "scann_docids.pkl").write_bytes(b"")
    with pytest.raises(ArtifactError, match="a pickle"):
        scann.load(tmp_path)


def test_blocks_give_the_same_answer_as_one_product() -> None:
    random = np.random.default_rng(1)
    embeddings = random.standard_normal((50, 4)).astype(np.float32)
    queries = random.standard_normal((2, 4)).astype(np.float32)
    # 14 scores for 2 queries: blocks of 7 candidates, the last one of 1.
    positions, _ = search_blocks(embeddings, queries, 3, block_scores=14)
    expected = np.argsort(-(queries @ embeddings.T), axis=1, kind="stable")[:, :3]
    np.testing.assert_array_equal(positions, expected)


def test_equal_scores_come_in_order_of_position() -> None:
    positions, _ = search_blocks(np.ones((5, 1), np.float32), np.ones((1, 1), np.float32), 5)
    assert positions.tolist() == [[0, 1, 2, 3, 4]]


def test_recall_counts_the_share_of_the_exact_list(tmp_path: Path) -> None:
    def search(queries: np.ndarray, k: int) -> Found:
        # Misses the best candidate (0) and pads: of the exact {0, 1}, 1 is found.
        return np.tile(np.array([[1, -1]]), (len(queries), 1)), np.zeros((len(queries), 2), "f4")

    build(np.array([[1, 0], [0.9, 0.1], [0, 1]], np.float32), tmp_path / "exact")
    exact = open_index(tmp_path / "exact")
    queries = np.array([[1, 0], [1, 0.1]], np.float32)
    assert measure_recall(Index(search, 3, 2), exact, queries, k=2) == 0.5


def test_recall_without_a_query_is_refused(tmp_path: Path) -> None:
    build(EYE, tmp_path / "exact")
    exact = open_index(tmp_path / "exact")
    with pytest.raises(ArtifactError, match="at least one real query"):
        measure_recall(exact, exact, np.empty((0, 3), np.float32))
