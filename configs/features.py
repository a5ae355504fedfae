"""The one definition of the features that both stages and every server share."""

import difflib
from collections import Counter
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, ModelWrapValidatorHandler, PrivateAttr, model_validator

from configs import faults, plugins
from configs.section import Section

Table = Literal["user", "item", "context"]
Stage = Literal["retrieval", "ranking"]
FeatureName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")]
"""Names of features become names of files and tensors."""


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

    @model_validator(mode="wrap")
    @classmethod
    def _parse_options(cls, raw: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(raw, Mapping) or not isinstance(raw.get("type"), str):
            return handler(raw)
        found: list[faults.Fault] = []
        feature = faults.attempt(found, lambda: handler(raw))
        inline = {key: value for key, value in raw.items() if key not in cls.model_fields}
        parse = partial(plugins.parse_inline, "feature", raw["type"], inline, cls.model_fields)
        options = faults.attempt(found, parse, key="type")
        if feature is None or options is None:
            raise faults.report(cls.__name__, found)
        object.__setattr__(feature, "__pydantic_extra__", options.model_dump())
        object.__setattr__(feature, "_options", options)
        return feature

    @property
    def options(self) -> Section:
        """Settings of the type, as its own `Options` section."""
        return self._options


class HistoryConfig(Section):
    """The user's earlier positive items, oldest first."""

    max_length: Annotated[int, Field(ge=0)] = 50
    """Most recent items kept; 0 turns the history off."""
    event_types: bool = False
    """Whether the history carries the type of each event, for encoders that read it."""
    time_gaps: bool = False
    """Whether it carries the time from each event to the next one, or to the request."""


class CrossConfig(Section):
    """A hashed combination of features for the wide part of the ranker."""

    of: Annotated[tuple[str, ...], Field(min_length=2)]
    """Names of the features that are combined; each must encode to ids."""
    buckets: Annotated[int, Field(ge=2)] = 10_000
    """Number of hash buckets."""


def _id(name: str) -> Mapping[str, FeatureConfig]:
    return {name: FeatureConfig(type="categorical")}


class FeaturesConfig(Section):
    """Features by table. Names are unique over all tables; the column names the raw input."""

    user: Mapping[FeatureName, FeatureConfig] = Field(default_factory=lambda: _id("user_id"))
    """Features of the users table."""
    item: Mapping[FeatureName, FeatureConfig] = Field(default_factory=lambda: _id("item_id"))
    """Features of the items table."""
    context: Mapping[FeatureName, FeatureConfig] = {}
    """Columns of the events table that a request knows too, such as `timestamp`."""
    history: HistoryConfig = HistoryConfig()
    """The user's earlier items."""
    crosses: Mapping[FeatureName, CrossConfig] = {}
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
    def _check_keys(self) -> Self:
        for key, table in (("user_id", self.user), ("item_id", self.item)):
            feature = table[key]
            plain = feature.type == "categorical" and feature.options == type(feature.options)()
            if not plain or feature.column not in (None, key):
                raise ValueError(
                    f"`{key}` takes its ids from the prepared data, so it is "
                    f"`{{type: categorical}}` without options: set `data.min_{key[:4]}_events` to "
                    f"leave rare ones out, or give a second feature `column: {key}`"
                )
        return self

    @model_validator(mode="after")
    def _check_crosses(self) -> Self:
        names = [*self.user, *self.item, *self.context]
        for cross, part in ((name, part) for name, c in self.crosses.items() for part in c.of):
            if part not in names:
                near = difflib.get_close_matches(part, names, n=1)
                hint = f" Did you mean `{near[0]}`?" if near else ""
                raise ValueError(
                    f"the cross `{cross}` names the feature `{part}`, which is not there.{hint} "
                    f"Choose among {', '.join(names)}"
                )
        return self

    @model_validator(mode="after")
    def _check_columns(self) -> Self:
        tables = [{f.column or name for name, f in t.items()} for t in self._tables()]
        shared = sorted(
            name for name, count in Counter(c for t in tables for c in t).items() if count > 1
        )
        if shared:
            raise ValueError(
                "columns name the raw inputs of a request, so two tables must not use the same "
                f"one; {', '.join(shared)} stands in two: rename it in one table of the source"
            )
        return self

    @model_validator(mode="after")
    def _check_raw_inputs(self) -> Self:
        first: dict[str, tuple[str, FeatureConfig]] = {}
        for name, feature in (pair for table in self._tables() for pair in table.items()):
            column = feature.column or name
            other_name, other = first.setdefault(column, (name, feature))
            if not _raw(feature).fits(_raw(other)):
                raise ValueError(
                    f"the features `{other_name}` ({other.type}) and `{name}` ({feature.type}) "
                    f"read the column `{column}` in different ways, but a request gives it once: "
                    "make both of one kind, or copy the column under a second name in the source"
                )
        return self

    def _tables(self) -> tuple[Mapping[str, FeatureConfig], ...]:
        return self.user, self.item, self.context

    def table(self, name: Table) -> Mapping[str, FeatureConfig]:
        """Features of one table."""
        tables = {"user": self.user, "item": self.item, "context": self.context}
        return tables[name]


def _raw(feature: FeatureConfig) -> Any:
    return plugins.load("feature", feature.type).raw(feature.options)
