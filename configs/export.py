"""The bundle that servers load."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, ValidationInfo, field_validator

from configs.plugins import PluginSection
from configs.section import Section

MAX_K = 500
"""Items that one request may ask for."""
AUTO = "auto"
"""The type that no plug-in has: several indexes are measured, see `exports.choice`."""


class IndexConfig(PluginSection):
    """The index that finds the nearest candidates."""

    kind = "index"

    type: str = "scann"
    """A module of `exports.indexes`, a dotted name, or `auto`, which measures several."""

    @field_validator("type")
    @classmethod
    def _check_type(cls, name: str) -> str:
        return name if name == AUTO else super()._check_type(name)

    @field_validator("options")
    @classmethod
    def _resolve_options(cls, raw: Mapping[str, Any], info: ValidationInfo) -> Mapping[str, Any]:
        if info.data.get("type") != AUTO:
            return super()._resolve_options(raw, info)
        if raw:
            raise ValueError(
                f"`type: {AUTO}` has no settings, received {sorted(raw)}: leave `options` out, or "
                "name the index that they belong to"
            )
        return raw


class ExportConfig(Section):
    """What the bundle holds."""

    index: IndexConfig = Field(default_factory=IndexConfig)
    """The approximate index; an exact one always stands beside it."""
    min_index_recall: Annotated[float, Field(ge=0, le=1)] = 0.95
    """Recall@100 against the exact index, on real queries, below which the export fails."""
    filters: tuple[str, ...] = ()
    """Item columns, such as `category`, by whose values a request may filter."""
    scann_model: bool = False
    """Also write `models/retrieve_scann`, a SavedModel with ScaNN's own operations, for servers
    that have them; TensorFlow Serving as it is shipped has not."""
    user_table: bool = True
    """Store user features and recent histories, so that known users need no feature store."""
