"""A Parquet file written piece by piece, whose bytes do not depend on the pieces."""

from pathlib import Path
from types import TracebackType
from typing import Any, Self

_ROWS_PER_GROUP = 131_072


class Sink:
    """Collects tables and writes row groups of a fixed length.

    Attributes:
        rows: rows added so far.
    """

    def __init__(self, path: Path) -> None:
        """Open nothing yet: the first table brings the columns."""
        self._path = path
        self._writer: Any = None
        self._waiting: list[Any] = []
        self._waiting_rows = 0
        self.rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._writer is None:
            return
        if error is None:
            self._flush(self._waiting_rows)
        self._writer.close()

    def add(self, table: Any) -> None:
        """Take a table; write all full row groups."""
        import pyarrow.parquet as pq

        if self._writer is None:
            self._writer = pq.ParquetWriter(self._path, table.schema, compression="zstd")
        self._waiting.append(table)
        self._waiting_rows += len(table)
        self.rows += len(table)
        self._flush(self._waiting_rows // _ROWS_PER_GROUP * _ROWS_PER_GROUP)

    def _flush(self, rows: int) -> None:
        """Write the first `rows` waiting rows."""
        import pyarrow as pa

        if rows == 0:
            return
        table = pa.concat_tables(self._waiting)
        self._writer.write_table(
            table.slice(0, rows).combine_chunks(), row_group_size=_ROWS_PER_GROUP
        )
        self._waiting = [table.slice(rows)]
        self._waiting_rows -= rows
