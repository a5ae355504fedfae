"""The item and user tables of a bundle."""

import bisect
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exports.loader import Input
from exports.raw import raw_columns

ITEM_ID = "item_id"
USER_ID = "user_id"
HISTORY = "history"
SEEN = "seen"


@dataclass(frozen=True)
class ItemTable:
    """All candidates; row i is position i of the index.

    Attributes:
        table: a `pyarrow.Table`.
        positions: the position of each id.
    """

    table: Any
    positions: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.positions)

    def known(self, ids: Iterable[str]) -> NDArray[np.int64]:
        """Positions of the ids that the catalogue has, in the given order."""
        return np.array([self.positions[i] for i in ids if i in self.positions], np.int64)

    def raw(self, positions: NDArray[np.int64], inputs: Mapping[str, Input]) -> dict[str, Any]:
        """The raw columns of some items that a model reads."""
        names = [name for name in inputs if name in self.table.column_names]
        return raw_columns(self.table.select(names).take(positions), inputs)

    def rows(self, positions: NDArray[np.int64]) -> list[dict[str, Any]]:
        """All columns of some items."""
        rows: list[dict[str, Any]] = self.table.take(positions).to_pylist()
        return rows


def open_items(path: Path) -> ItemTable:
    """Read the item table into memory."""
    import pyarrow.parquet as pq

    table = pq.read_table(path).combine_chunks()
    ids = table.column(ITEM_ID).to_pylist()
    return ItemTable(table, {name: position for position, name in enumerate(ids)})


@dataclass(frozen=True)
class StoredUser:
    """What a bundle knows of one user.

    Attributes:
        row: a `pyarrow.Table` of one row: the raw columns.
        history: item ids, oldest first.
        seen: item ids with any event.
    """

    row: Any
    history: Sequence[str]
    seen: Sequence[str]


@dataclass(frozen=True)
class UserTable:
    """All users, sorted by id and left on disk; a look-up reads one row group.

    Attributes:
        file: a `pyarrow.parquet.ParquetFile`.
        first_ids: the smallest id of each row group.
    """

    file: Any
    first_ids: Sequence[str]
    # A Parquet reader serves one thread at a time.
    lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, user_id: str) -> StoredUser | None:
        """The user, or None."""
        import pyarrow as pa
        import pyarrow.compute as pc

        group = bisect.bisect_right(self.first_ids, user_id) - 1
        if group < 0:
            return None
        with self.lock:
            users = self.file.read_row_group(group)
        position = pc.index(users.column(USER_ID), pa.scalar(user_id, pa.string())).as_py()
        return None if position < 0 else _stored(users.slice(position, 1))


def _stored(row: Any) -> StoredUser:
    history, seen = (row.column(name)[0].as_py() for name in (HISTORY, SEEN))
    return StoredUser(row.drop_columns([HISTORY, SEEN]), history, seen)


def open_users(path: Path) -> UserTable | None:
    """Open the user table; None when the bundle has none."""
    import pyarrow.parquet as pq

    if not path.exists():
        return None
    file = pq.ParquetFile(path, memory_map=True)
    column = file.schema_arrow.get_field_index(USER_ID)
    groups = (file.metadata.row_group(group) for group in range(file.metadata.num_row_groups))
    return UserTable(file, [group.column(column).statistics.min for group in groups])
