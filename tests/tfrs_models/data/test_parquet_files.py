"""Several Parquet files of the `files` source are read as one list."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from configs.errors import DataError
from tfrs_models.data.sources import files


def read(connection: duckdb.DuckDBPyConnection, folder: Path, **options: object) -> list[dict]:
    """Rows of the events relation."""
    raw = files.read(files.Options.model_validate(options), connection, folder, 0)
    return connection.sql(f'FROM "{raw.events}"').to_arrow_table().to_pylist()


def put(path: Path, users: list[str], **columns: list[object]) -> str:
    """A file with an event of each user."""
    path.parent.mkdir(parents=True, exist_ok=True)
    plain = {"user_id": users, "item_id": ["i"] * len(users), "timestamp": [1] * len(users)}
    pq.write_table(pa.table({**plain, **columns}), path)
    return str(path)


def test_rows_of_several_parquet_files_name_their_own_file_and_row(connection, tmp_path):
    names = ("b.parquet", "a[1]*.parquet", "\u00fc'.parquet")
    given = [put(tmp_path / name, ["u1", "u2"]).replace("[", "[[]") for name in names]
    found = read(connection, tmp_path, events=given)
    assert [(e["source_file"], e["source_row"]) for e in found] == [
        (str(tmp_path / name), row) for name in names for row in (1, 2)
    ]


def test_parquet_files_are_united_by_name_in_the_wider_type(connection, tmp_path):
    given = [
        put(tmp_path / "a.parquet", ["u1"], x=[1]),
        put(tmp_path / "b.parquet", ["u2"], y=["z"]),
        put(tmp_path / "c.parquet", ["u3"], x=[2.5]),
    ]
    found = read(connection, tmp_path, events=given)
    assert [(e["x"], e["y"]) for e in found] == [(1.0, None), (None, "z"), (2.5, None)]


def test_parquet_files_and_others_are_read_in_the_order_given(connection, tmp_path):
    text = tmp_path / "b.csv"
    text.write_text("user_id,item_id,timestamp\nu2,i,1\n")
    given = [
        put(tmp_path / "a.parquet", ["u1"]),
        str(text),
        put(tmp_path / "c.parquet", ["u3"]),
    ]
    found = read(connection, tmp_path, events=given)
    assert [e["user_id"] for e in found] == ["u1", "u2", "u3"]


def test_a_column_that_one_of_the_parquet_files_lacks_names_that_file(connection, tmp_path):
    given = [
        put(tmp_path / "a.parquet", ["u1"], price=[1]),
        put(tmp_path / "b.parquet", ["u2"], prices=[1]),
    ]
    mapped = {"columns": {"value": "price"}}
    with pytest.raises(DataError, match=r"b\.parquet has no column `price`.*mean `prices`"):
        read(connection, tmp_path, events=given, event_table=mapped)


def test_names_of_folders_are_columns_of_their_own_files(connection, tmp_path):
    for day in ("2025-01-01", "2025-01-02"):
        put(tmp_path / f"day={day}" / "a.parquet", ["u1"])
    put(tmp_path / "rest" / "a.parquet", ["u1"])
    found = read(connection, tmp_path, events=str(tmp_path / "*" / "a.parquet"))
    assert [str(e["day"]) for e in found] == ["2025-01-01", "2025-01-02", "None"]
