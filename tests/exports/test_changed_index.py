"""Changes over an exact index; `test_indexes` has what holds over every type."""

from pathlib import Path

import numpy as np
import pytest

from configs.errors import ArtifactError
from configs.export import IndexConfig
from exports.changed_index import Changes, changed_index
from exports.index import Index, build_index, open_index

NONE = Changes.none(2)
RIGHT = np.array([[1, 0]], np.float32)


@pytest.fixture
def index(tmp_path: Path) -> Index:
    """Scores 1, 2 and 3 for a query that points right."""
    embeddings = np.array([[1, 0], [2, 0], [3, 0]], np.float32)
    build_index(IndexConfig(type="exact"), embeddings, "abc", tmp_path / "index", seed=0)
    return open_index(tmp_path / "index")


def found(index: Index, changes: Changes, k: int = 5) -> list[int]:
    return changed_index(index, changes).search(RIGHT, k)[0][0].tolist()


def test_no_change_changes_nothing(index: Index) -> None:
    assert found(index, NONE) == [2, 1, 0, -1, -1]


def test_changes_follow_each_other(index: Index) -> None:
    changes = NONE.upsert([3], RIGHT * 2.5).delete([2]).upsert([0], RIGHT * 9)
    assert found(index, changes) == [0, 3, 1, -1, -1]


def test_a_removed_candidate_comes_back_with_its_new_embedding(index: Index) -> None:
    assert found(index, NONE.delete([2]).upsert([2], RIGHT * 1.5)) == [1, 2, 0, -1, -1]


def test_an_added_candidate_can_be_removed(index: Index) -> None:
    changes = NONE.upsert([3], RIGHT * 9).delete([3])
    assert found(index, changes) == [2, 1, 0, -1, -1]
    assert changed_index(index, changes).size == 3


def test_the_latest_of_two_embeddings_counts(index: Index) -> None:
    changes = NONE.upsert([3], RIGHT * 9).upsert([3], RIGHT * 0.5)
    assert found(index, changes) == [2, 1, 0, 3, -1]


def test_the_removed_take_no_place_of_the_others(index: Index) -> None:
    assert found(index, NONE.delete([2, 1]), k=1) == [0]


def test_everything_can_be_removed(index: Index) -> None:
    assert found(index, NONE.delete([0, 1, 2]), k=2) == [-1, -1]


def test_what_changed_before_stays_as_it_was(index: Index) -> None:
    first = NONE.upsert([3], RIGHT * 9)
    first.delete([3])
    assert found(index, first)[0] == 3


@pytest.mark.parametrize("positions", [[-1], [4, 4]])
def test_refuses_wrong_positions(positions: list[int]) -> None:
    with pytest.raises(ArtifactError, match="0 or more, each once"):
        NONE.delete(positions)


def test_refuses_an_embedding_that_is_not_finite() -> None:
    with pytest.raises(ArtifactError, match=r"holds NaN or infinity \(`3`\)"):
        NONE.upsert([3], np.full((1, 2), np.inf, np.float32))


def test_refuses_another_width() -> None:
    with pytest.raises(ArtifactError, match="width 2 of the index, got 3"):
        NONE.upsert([3], np.ones((1, 3), np.float32))


def test_an_empty_upsert_is_none() -> None:
    assert NONE.upsert([], np.empty((0, 2), np.float32)) is NONE
