"""Small event logs on disk, and the shortest way to prepare them."""

import zipfile
from collections.abc import Callable, Iterable, Iterator
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


URL = "https://files.grouplens.org/datasets/movielens/ml-100k.zip"
RATINGS = [(1, 1, 5), (1, 2, 4), (2, 1, 3), (2, 3, 1), (3, 2, 2), (3, 3, 5)] * 2
USERS = [(1, 24, "M", "technician", "01234"), (2, 53, "F", "other", "94043")]
USERS += [(3, 7, "F", "student", "55555")]
FLAGS = {"Toy Story (1995)": (3, 4), "Nameless": (), "Heat (1995)": (1, 16)}


@pytest.fixture(scope="session")
def movielens(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A `data_dir` with a small ml-100k.zip where TensorFlow Datasets keeps its downloads."""
    from tfrs_models.backend import tf

    assert tf.__version__  # TensorFlow comes first, on the Keras that TFRS needs
    import tensorflow_datasets as tfds
    from tensorflow_datasets.core.download import resource

    folder = tmp_path_factory.mktemp("movielens")
    known = tfds.builder("movielens/100k-ratings", data_dir=folder).url_infos[URL]
    path = folder / "downloads" / resource.get_dl_fname(URL, known.checksum)
    path.parent.mkdir()
    _write_archive(path)
    path.with_name(f"{path.name}.INFO").write_text(f'{{"dataset_names": [], "urls": ["{URL}"]}}')
    return folder


def _write_archive(path: Path) -> None:
    ratings = [(*rating, 881250949 + n) for n, rating in enumerate(RATINGS)]
    items = [
        (n, title, "", "", "http://x", *(int(flag in flags) for flag in range(19)))
        for n, (title, flags) in enumerate(FLAGS.items(), start=1)
    ]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("ml-100k/u.data", _text("\t", ratings))
        archive.writestr("ml-100k/u.user", _text("|", USERS))
        archive.writestr("ml-100k/u.item", _text("|", items))


def _text(delimiter: str, rows: Iterable[tuple[Any, ...]]) -> str:
    return "".join(delimiter.join(map(str, row)) + "\n" for row in rows)
