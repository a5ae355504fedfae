"""What a source hands over: names of DuckDB relations with known column names.

A source plug-in is one module of `tfrs_models.data.sources` with three names:

    class Options(Section): ...
    def read(options, connection, folder, seed) -> RawTables: ...
    def content_hash(options, seed) -> str: ...

`read` creates views or tables on `connection`; large intermediate files go into `folder`, which
lives as long as the preparation. `content_hash` names the content without reading it all: equal
text means equal data, so a prepared dataset can be reused.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from configs.section import Section

if TYPE_CHECKING:
    import duckdb

REQUIRED_EVENT_COLUMNS = ("user_id", "item_id", "timestamp")
OPTIONAL_EVENT_COLUMNS = ("event_type", "value", "request_id", "position", "split")
SOURCE_COLUMNS = ("source_file", "source_row")
"""Where a row comes from: VARCHAR and BIGINT (counted from 1); both may be left out."""
FILTER_COLUMN = "filtered_by"
"""Optional VARCHAR: the declared filter that drops the row; NULL keeps it."""


@dataclass(frozen=True)
class RawTables:
    """Relations of one source, not validated yet.

    Attributes:
        events: relation with `user_id`, `item_id` and `timestamp` (a DATE, TIMESTAMP or
            TIMESTAMPTZ, epoch numbers, or text), as far as there are any of `event_type`, `value`,
            `request_id`, `position` (from 0) and `split` (`train`, `validation` or `test`), the
            columns of `SOURCE_COLUMNS` and `FILTER_COLUMN`, and context columns under their own
            names.
        items: relation with `item_id` and attributes, or None.
        users: relation with `user_id` and attributes, or None.
        rejects: relation with `table_name` (`events`, `items` or `users`), `source_file`,
            `source_row`, `reason` and `record`: lines that could not become rows, or None.
        timestamp_format: `auto`, an epoch unit (`s`, `ms`, `us`, `ns`) or a strptime format.
        item_columns: columns of `events` that describe the item and become item attributes.
        user_columns: columns of `events` that describe the user and become user attributes.
        notes: counts that the report shows, such as rows that the source itself left out.
    """

    events: str
    items: str | None = None
    users: str | None = None
    rejects: str | None = None
    timestamp_format: str = "auto"
    item_columns: tuple[str, ...] = ()
    user_columns: tuple[str, ...] = ()
    notes: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


class Source(Protocol):
    """The functions of a source plug-in (a module)."""

    def read(
        self,
        options: Section,
        connection: "duckdb.DuckDBPyConnection",
        folder: Path,
        seed: int,
    ) -> RawTables:
        """Create the relations of this source on `connection`."""

    def content_hash(self, options: Section, seed: int) -> str:
        """Identity of the content: equal text means equal data."""
