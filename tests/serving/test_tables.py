from pathlib import Path

import pyarrow as pa
import pytest

from exports.tables import write_users
from serving.tables import UserTable, open_users


@pytest.fixture
def users(tmp_path: Path) -> UserTable:
    """Users `a`, `c`, `e`, ...; the history of each names its successor, which each has seen."""
    ids = pa.array(list("acegikm"))
    rows = pa.DictionaryArray.from_arrays(pa.array([1, 2, 3, 4, 5, 6, 0], pa.int32()), ids)
    lists = pa.ListArray.from_arrays(pa.array(range(8), pa.int32()), rows)
    table = pa.table({"user_id": ids, "age": range(7), "history": lists, "seen": lists})
    write_users(table, tmp_path / "users.arrow")
    opened = open_users(tmp_path / "users.arrow")
    assert opened is not None
    return opened


@pytest.mark.parametrize("user_id", list("acegikm"))
def test_finds_every_user(users: UserTable, user_id: str) -> None:
    found = users.find(user_id)
    assert found is not None
    assert found.row.column("user_id").to_pylist() == [user_id]
    successor = ("acegikm".index(user_id) + 1) % 7
    assert found.history == ["acegikm"[successor]]
    assert found.seen.tolist() == [successor]
    assert found.row.column_names == ["user_id", "age"]


@pytest.mark.parametrize("user_id", ["", "A", "b", "d", "l", "z", "aa", "\u00e9"])
def test_finds_no_other_user(users: UserTable, user_id: str) -> None:
    assert users.find(user_id) is None


def test_a_missing_table_has_no_users(tmp_path: Path) -> None:
    assert open_users(tmp_path / "users.arrow") is None
