"""The bundle that servers load."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from configs import plugins
from configs.section import Section


class IndexConfig(Section):
    """The index that finds the nearest candidates."""

    type: str = "scann"
    """Name of the index: a module of `exports.indexes`, or a dotted name."""
    options: Mapping[str, Any] = {}
    """Settings of that index."""

    @model_validator(mode="after")
    def _check_options(self) -> Self:
        plugins.parse_options("index", self.type, self.options)
        return self


class ExportConfig(Section):
    """What the bundle holds."""

    index: IndexConfig = IndexConfig()
    """The approximate index; an exact one always stands beside it."""
    min_index_recall: Annotated[float, Field(ge=0, le=1)] = 0.95
    """Recall@100 against the exact index, on real queries, below which the export fails."""
    user_table: bool = True
    """Store user features and recent histories, so that known users need no feature store."""
