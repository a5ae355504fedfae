"""The bundle that servers load."""

from typing import Annotated

from pydantic import Field

from configs.plugins import PluginSection
from configs.section import Section


class IndexConfig(PluginSection):
    """The index that finds the nearest candidates."""

    kind = "index"

    type: str = "scann"
    """Name of the index: a module of `exports.indexes`, or a dotted name."""


class ExportConfig(Section):
    """What the bundle holds."""

    index: IndexConfig = Field(default_factory=IndexConfig)
    """The approximate index; an exact one always stands beside it."""
    min_index_recall: Annotated[float, Field(ge=0, le=1)] = 0.95
    """Recall@100 against the exact index, on real queries, below which the export fails."""
    filters: tuple[str, ...] = ()
    """Item columns, such as `category`, by whose values a request may filter."""
    user_table: bool = True
    """Store user features and recent histories, so that known users need no feature store."""
