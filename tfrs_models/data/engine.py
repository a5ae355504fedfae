"""DuckDB as the preparation uses it."""

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from configs.errors import DataError
from tfrs_models import durable

if TYPE_CHECKING:
    import duckdb


@contextmanager
def opened(
    memory_limit_mib: int, folder: Path
) -> Iterator[tuple["duckdb.DuckDBPyConnection", Path]]:
    """An empty database, and where it spills to: a folder in `folder` that goes with it."""
    with (
        tempfile.TemporaryDirectory(dir=folder, prefix=durable.UNFINISHED) as work,
        closing(_connect(memory_limit_mib, Path(work))) as connection,
    ):
        yield connection, Path(work)


def _connect(memory_limit_mib: int, work: Path) -> "duckdb.DuckDBPyConnection":
    """A database in memory that spills into `work` and never fetches an extension."""
    import duckdb

    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{memory_limit_mib}MiB",
        "temp_directory": (work / "spill").as_posix(),
        "autoinstall_known_extensions": False,
    }
    connection = duckdb.connect(config=settings)
    connection.execute("SET TimeZone = 'UTC'")
    return connection


@contextmanager
def reading(source: str) -> Iterator[None]:
    """Name the source in the errors of DuckDB about files that it cannot read.

    Raises:
        DataError: a file cannot be read.
    """
    import duckdb

    try:
        yield
    except (duckdb.DataError, duckdb.OperationalError, duckdb.InvalidInputException) as error:
        raise DataError(
            f"the source `{source}` cannot be read: {error}. Mend the file, or correct its "
            f"format under `data.{source}`."
        ) from error
