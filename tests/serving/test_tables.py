from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from serving.tables import UserTable, open_users


@pytest.fixture
def users(tmp_path: Path) -> UserTable:
    """Users `a`, `c`, `e`, ... with two in a row group; the user's history names them."""
    ids = list("acegikm")
    lists = [[name] for name in ids]
    table = pa.table({"user_id": ids, "age": range(7), "history": lists, "seen": lists})
    pq.write_table(table, tmp_path / "users.parquet", row_group_size=2)
    opened = open_users(tmp_path / "users.parquet")
    assert opened is not None
    return opened


@pytest.mark.parametrize("user_id", list("acegikm"))
def test_finds_every_user(users: UserTable, user_id: str) -> None:
    found = users.find(user_id)
    assert found is not None
    assert found.history == [user_id]
    assert found.row.column_names == ["user_id", "age"]


@pytest.mark.parametrize("user_id", ["", "A", "b", "d", "l", "z", "aa", "\u00e9"])
def test_finds_no_other_user(users: UserTable, user_id: str) -> None:
    assert users.find(user_id) is None


def test_a_missing_table_has_no_users(tmp_path: Path) -> None:
    assert open_users(tmp_path / "users.parquet") is None
