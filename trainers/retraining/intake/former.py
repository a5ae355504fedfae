"""What the log holds when a file comes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from trainers.retraining.ledger.shards import Shard


@dataclass(frozen=True)
class Former:
    """What came before a file.

    Attributes:
        files: accepted rows of each former shard that has any, in order of sequence, and the time
            of its last event.
        watermark_us: the time of the last event of all; None before the first.
        columns: of the log, by name in lower case, and the DuckDB type that training reads.
    """

    files: Sequence[tuple[Path, int]]
    watermark_us: int | None
    columns: Mapping[str, str]

    def followed_by(self, shard: Shard, rows: Path, columns: Mapping[str, str]) -> "Former":
        """What came before the next file.

        Args:
            shard: taken in after these.
            rows: its accepted rows.
            columns: of the log with it.
        """
        if shard.last_us is None:
            return self
        newest = max(shard.last_us, self.watermark_us or 0)
        return Former((*self.files, (rows, shard.last_us)), newest, columns)
