"""Small event logs on disk, and the shortest way to prepare them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from configs.data import DataConfig
from tfrs_models.data.dataset import PreparedDataset
from tfrs_models.data.prepare import prepare

DAY = 86_400
START = 1_600_000_000
HEADER = "user_id,item_id,timestamp"

Prepare = Callable[..., PreparedDataset]
Lines = list[str]


@pytest.fixture
def log() -> Lines:
    """CSV lines in time order: on each of 10 days, each of 5 users takes one of 7 items."""
    return [
        f"u{user},i{(user * 3 + day) % 7},{START + day * DAY + user}"
        for day in range(10)
        for user in range(5)
    ]


@pytest.fixture
def prepare_lines(tmp_path: Path) -> Prepare:
    """Prepare lines (or bytes); `files` holds settings of the source, the rest is `data`."""

    def run(
        lines: Lines | bytes,
        header: str = HEADER,
        name: str = "events.csv",
        files: dict[str, Any] | None = None,
        **data: Any,
    ) -> PreparedDataset:
        path = tmp_path / name
        given = lines if isinstance(lines, bytes) else "\n".join([header, *lines, ""]).encode()
        path.write_bytes(given)
        settings = {"events": str(path), **(files or {})}
        config = DataConfig.model_validate({"source": "files", "files": settings, **data})
        return prepare(config, 7, tmp_path / "datasets")

    return run


@pytest.fixture
def rows() -> Callable[[PreparedDataset, str], list[dict[str, Any]]]:
    """Rows of a Parquet file of a dataset."""

    def read(dataset: PreparedDataset, name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = pq.read_table(dataset.folder / f"{name}.parquet").to_pylist()
        return found

    return read


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection
