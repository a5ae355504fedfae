"""The dataset that another one continues: its rows stay where they are, new ones follow.

A model that was trained on the former dataset then fits the new one, row by row.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tfrs_models.data import sql
from tfrs_models.data.dataset import PreparedDataset
from tfrs_models.data.rows import read_vocabulary

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Former:
    """What a dataset takes over from the one it continues.

    Attributes:
        vocabularies: folder of `user_id.txt` and `item_id.txt`, the known ids in row order.
        event_types: names, in the order of their codes.
    """

    vocabularies: Path
    event_types: tuple[str, ...]

    @classmethod
    def of(cls, dataset: PreparedDataset) -> "Former":
        """Of a dataset that lies on the disk."""
        return cls(dataset.folder / "vocabularies", dataset.event_types)

    def vocabulary(self, key: str) -> Path:
        """The known ids of `user_id` or `item_id`, one a line."""
        return self.vocabularies / f"{key}.txt"

    @property
    def fingerprint(self) -> str:
        """SHA-256 of everything that is taken over, 64 hexadecimal digits."""
        digest = hashlib.sha256("\n".join(self.event_types).encode())
        for key in ("user_id", "item_id"):
            digest.update(hashlib.sha256(self.vocabulary(key).read_bytes()).digest())
        return digest.hexdigest()


def create_former_rows(
    connection: "duckdb.DuckDBPyConnection", key: str, former: Former | None
) -> None:
    """Create the table `former_<key>`: `<key>` and `former_row`, from 0; empty without a former."""
    import pyarrow as pa

    ids = [] if former is None else read_vocabulary(former.vocabulary(key))
    table = pa.table(
        {key: pa.array(ids, pa.string()), "former_row": pa.array(range(len(ids)), pa.int32())}
    )
    connection.register("former_ids", table)
    sql.run(connection, "CREATE TABLE former_$key AS SELECT * FROM former_ids", key=key)
    connection.unregister("former_ids")
