"""An index that finds too little searches more."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from configs.export import IndexConfig
from exports import index as index_module
from exports.build_index import main
from exports.index import Index, build_index, open_index
from exports.indexes import SETTINGS, read_settings
from exports.wider import Searched, search_enough

COUNT = 4_000


@pytest.fixture(autouse=True)
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Builds without the child process, which costs a second."""
    monkeypatch.setattr(index_module, "_run_child", main)


@pytest.fixture(scope="module")
def embeddings() -> NDArray[np.float32]:
    """Without any clusters, which a tree cannot make much of."""
    return np.random.default_rng(0).standard_normal((COUNT, 16)).astype(np.float32)


@pytest.fixture
def exact(embeddings: NDArray[np.float32], tmp_path: Path) -> Index:
    return build(IndexConfig(type="exact"), embeddings, tmp_path / "exact")


def build(config: IndexConfig, embeddings: NDArray[np.float32], folder: Path) -> Index:
    build_index(config, embeddings, [str(row) for row in range(COUNT)], folder, seed=7)
    return open_index(folder)


def tree(**options: Any) -> IndexConfig:
    return IndexConfig(type="scann", options={"brute_force_below": 0, "soar": None, **options})


def searched(
    config: IndexConfig, exact: Index, embeddings: NDArray[np.float32], folder: Path, enough: float
) -> tuple[Searched, Mapping[str, Any]]:
    """What is found of the neighbours of 200 candidates, and the settings that are left."""
    build(config, embeddings, folder)
    found = search_enough(config, folder, exact, embeddings[:200] + 0.01, enough)
    return found, read_settings(folder) if (folder / SETTINGS).exists() else {}


def test_an_index_that_finds_enough_stays(exact, embeddings, tmp_path):
    found, settings = searched(tree(), exact, embeddings, tmp_path / "i", 0.1)
    assert found.settings == {}
    # A twentieth of 63 partitions, but at least 10, and at least 400 scored again.
    assert settings == {"leaves_to_search": 10, "reorder": 400}


def test_twice_as_much_is_searched_until_it_is_enough(exact, embeddings, tmp_path):
    before, _ = searched(tree(), exact, embeddings, tmp_path / "before", 0.0)
    found, settings = searched(tree(), exact, embeddings, tmp_path / "i", before.recall + 0.01)
    assert before.recall + 0.01 <= found.recall
    assert settings == found.settings == {"leaves_to_search": 20, "reorder": 800}
    assert open_index(tmp_path / "i").search(embeddings[:1], 1)[0][0, 0] == 0


def test_what_an_option_says_stays(exact, embeddings, tmp_path):
    config = tree(leaves_to_search=1)
    found, settings = searched(config, exact, embeddings, tmp_path / "i", 1.0)
    assert settings == {"leaves_to_search": 1, "reorder": 400 * 16}
    assert found.recall < 1.0


def test_no_more_than_sixteen_times_is_searched(exact, embeddings, tmp_path):
    found, _ = searched(tree(), exact, embeddings, tmp_path / "i", 2.0)
    assert found.settings == {"leaves_to_search": 160, "reorder": 6400}
    assert found.recall == 1.0


@pytest.mark.parametrize("kind", ["exact", "faiss_hnsw", "faiss_ivfpq", "scann"])
def test_an_index_of_every_type_can_be_asked_for_more_than_there_is(
    kind, exact, embeddings, tmp_path
):
    found, _ = searched(IndexConfig(type=kind), exact, embeddings, tmp_path / "i", 2.0)
    assert found.recall == 1.0
