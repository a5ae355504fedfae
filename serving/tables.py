"""The item and user tables of a bundle."""

import bisect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exports.loader import Input
from exports.raw import raw_columns
from serving.inputs import HISTORY, HISTORY_TIME, HISTORY_TYPE, USER_ID

ITEM_ID = "item_id"
STATISTICS = "item_statistics"
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
        """All columns of some items but the statistics, which only the ranking model reads."""
        shown = [name for name in self.table.column_names if name != STATISTICS]
        rows: list[dict[str, Any]] = self.table.select(shown).take(positions).to_pylist()
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
        history_types: event type of each; empty when the models do not read them.
        history_times: seconds since 1970 UTC of each; empty when the models do not read them.
        seen: int32, positions of all positive items.
    """

    row: Any
    history: Sequence[str]
    history_types: Sequence[str]
    history_times: Sequence[int]
    seen: NDArray[np.int32]


@dataclass(frozen=True)
class UserTable:
    """All users, sorted by id, in a memory-mapped file.

    Attributes:
        table: a `pyarrow.Table` in one chunk.
    """

    table: Any

    def find(self, user_id: str) -> StoredUser | None:
        """The user, or None."""
        ids = self.table.column(USER_ID).chunk(0)
        row = bisect.bisect_left(range(len(ids)), user_id, key=lambda place: str(ids[place]))
        if row == len(ids) or str(ids[row]) != user_id:
            return None
        found = self.table.slice(row, 1)
        lists = {HISTORY, HISTORY_TYPE, HISTORY_TIME, SEEN}.intersection(found.column_names)
        return StoredUser(
            row=found.drop_columns(sorted(lists)),
            history=_list(found, HISTORY),
            history_types=_list(found, HISTORY_TYPE),
            history_times=_list(found, HISTORY_TIME),
            seen=found.column(SEEN)[0].values.indices.to_numpy(),
        )


def _list(row: Any, name: str) -> Sequence[Any]:
    values: Sequence[Any] = row.column(name)[0].as_py() if name in row.column_names else ()
    return values


def open_users(path: Path) -> UserTable | None:
    """Map the user table; None when the bundle has none."""
    import pyarrow as pa

    if not path.exists():
        return None
    return UserTable(pa.ipc.open_file(pa.memory_map(str(path))).read_all())
