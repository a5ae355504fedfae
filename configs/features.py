"""The one definition of the features that both stages and every server share."""

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, PrivateAttr, model_validator

from configs import plugins
from configs.section import Section

Table = Literal["user", "item", "context"]
Stage = Literal["retrieval", "ranking"]


class FeatureConfig(Section):
    """One feature: a type, the column it reads, and the settings of the type inline."""

    model_config = ConfigDict(extra="allow")

    type: str
    """Name of the type: a module of `tfrs_models.features.types`, or a dotted name."""
    column: str | None = None
    """Column of the table; the feature's own name when missing."""
    embedding_dim: Annotated[int, Field(ge=1)] | None = None
    """Width of the embedding; chosen from the vocabulary's size when missing."""
    stages: tuple[Stage, ...] = ("retrieval", "ranking")
    """Which stages see the feature."""

    _options: Section = PrivateAttr()

    @model_validator(mode="after")
    def _parse_options(self) -> Self:
        raw = self.__pydantic_extra__ or {}
        object.__setattr__(self, "_options", plugins.parse_options("feature", self.type, raw))
        return self

    @property
    def options(self) -> Section:
        """Settings of the type, as its own `Options` section."""
        return self._options


class HistoryConfig(Section):
    """The user's earlier positive items, oldest first."""

    max_length: Annotated[int, Field(ge=0)] = 50
    """Most recent items kept; 0 turns the history off."""


class CrossConfig(Section):
    """A hashed combination of features for the wide part of the ranker."""

    of: Annotated[tuple[str, ...], Field(min_length=2)]
    """Names of the features that are combined; each must encode to ids."""
    buckets: Annotated[int, Field(ge=2)] = 10_000
    """Number of hash buckets."""


class FeaturesConfig(Section):
    """Features by table. Names are unique over all tables; the column names the raw input."""

    user: Mapping[str, FeatureConfig] = {"user_id": FeatureConfig(type="categorical")}
    """Features of the users table."""
    item: Mapping[str, FeatureConfig] = {"item_id": FeatureConfig(type="categorical")}
    """Features of the items table."""
    context: Mapping[str, FeatureConfig] = {}
    """Columns of the events table that a request knows too, such as `timestamp`."""
    history: HistoryConfig = HistoryConfig()
    """The user's earlier items."""
    crosses: Mapping[str, CrossConfig] = {}
    """Crosses for the wide part."""

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        names = [*self.user, *self.item, *self.context, *self.crosses, "history"]
        twice = sorted(name for name, count in Counter(names).items() if count > 1)
        if twice:
            raise ValueError(
                f"feature names must be unique over all tables, `history` included; "
                f"{', '.join(twice)} stands twice: rename one and give it `column`"
            )
        for key, table in (("user_id", self.user), ("item_id", self.item)):
            if key not in table:
                raise ValueError(f"the feature `{key}` is required: `{key}: {{type: categorical}}`")
        return self

    @model_validator(mode="after")
    def _check_columns(self) -> Self:
        tables = [{f.column or name for name, f in t.items()} for t in self._tables()]
        shared = sorted(
            name for name, count in Counter(c for t in tables for c in t).items() if count > 1
        )
        if shared:
            raise ValueError(
                f"columns name the raw inputs of a request, so two tables must not use the same one; "
                f"{', '.join(shared)} stands in two: rename it in one table of the source"
            )
        return self

    def _tables(self) -> tuple[Mapping[str, FeatureConfig], ...]:
        return self.user, self.item, self.context

    def table(self, name: Table) -> Mapping[str, FeatureConfig]:
        """Features of one table."""
        tables = {"user": self.user, "item": self.item, "context": self.context}
        return tables[name]
