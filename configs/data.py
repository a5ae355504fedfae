"""Where events, items and users come from, and how they become training data."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, Literal, Self

from pydantic import (
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    field_validator,
    model_validator,
)

from configs import faults, plugins
from configs.plugins import PluginSection
from configs.section import Section


class EventsConfig(Section):
    """What an event means."""

    feedback: Literal["implicit", "explicit"] = "implicit"
    """The type of an event that has none: `implicit` makes it an `event`, `explicit` a `rating`."""
    weights: Mapping[str, Annotated[float, Field(ge=0)]] = {}
    """Weight of each event type; 0 is seen but not liked. Empty: every event counts 1."""
    default_weight: Annotated[float, Field(ge=0)] = 1.0
    """Weight of an event type that `weights` does not name."""
    min_value: float | None = None
    """Events with a `value` below this are no positives (their weight becomes 0)."""
    deduplicate: Literal["exact", "none"] = "exact"
    """`exact` keeps one of the rows equal in user, item, timestamp and event type."""


class ValidationConfig(Section):
    """Which rows are refused, and when that stops the run."""

    max_bad_share: Annotated[float, Field(ge=0, le=1)] = 0.05
    """Share of quarantined rows past which the run stops."""
    max_future_seconds: Annotated[float, Field(ge=0)] = 300.0
    """Events later than now by more than this are quarantined."""
    min_events: Annotated[int, Field(ge=1)] = 10
    """Fewer valid events than this stop the run."""
    min_users: Annotated[int, Field(ge=1)] = 2
    """Fewer users than this stop the run."""
    min_items: Annotated[int, Field(ge=1)] = 2
    """Fewer items than this stop the run."""


class SplitConfig(PluginSection):
    """How events are divided into train, validation and test."""

    kind = "split"

    type: str = "global_temporal"
    """Name of the split: a module of `tfrs_models.data.splits`, or a dotted name."""


class DataConfig(Section):
    """The data of a run. A key named after a source holds the settings of that source."""

    model_config = ConfigDict(extra="allow")

    source: str = "simulated"
    """Name of the source: a module of `tfrs_models.data.sources`, or a dotted name."""
    events: EventsConfig = EventsConfig()
    """What an event means."""
    validation: ValidationConfig = ValidationConfig()
    """Which rows are refused."""
    split: SplitConfig = Field(default_factory=SplitConfig)
    """How events are divided."""
    min_item_events: Annotated[int, Field(ge=1)] = 1
    """Training events an item needs to get an embedding row of its own."""
    min_user_events: Annotated[int, Field(ge=1)] = 1
    """Training events a user needs to get an embedding row of their own."""
    memory_limit_mib: Annotated[int, Field(ge=128)] = 4096
    """Memory that DuckDB may use before it spills to disk."""

    _source_options: Section = PrivateAttr()

    @field_validator("source")
    @classmethod
    def _check_source(cls, name: str) -> str:
        plugins.options_class("source", name)
        return name

    @model_validator(mode="wrap")
    @classmethod
    def _parse_sources(cls, raw: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(raw, Mapping):
            return handler(raw)
        found: list[faults.Fault] = []
        config = faults.attempt(found, lambda: handler(raw))
        settings = {key: value for key, value in raw.items() if key not in cls.model_fields}
        if config is not None:
            settings.setdefault(config.source, {})
        parsed = {name: _parse_source(name, value, found) for name, value in settings.items()}
        if found or config is None:
            raise faults.report(cls.__name__, found)
        return config._resolved({name: section for name, section in parsed.items() if section})

    def _resolved(self, sources: Mapping[str, Section]) -> Self:
        settings = {name: section.model_dump() for name, section in sources.items()}
        object.__setattr__(self, "__pydantic_extra__", settings)
        object.__setattr__(self, "_source_options", sources[self.source])
        return self

    @property
    def source_options(self) -> Section:
        """Settings of the chosen source, as its own `Options` section."""
        return self._source_options


def _parse_source(name: str, raw: Any, found: list[faults.Fault]) -> Section | None:
    sources = plugins.names("source")
    if "." not in name and name not in sources:
        found.append(faults.unknown_key((name,), raw, [*DataConfig.model_fields, *sources]))
        return None
    return faults.attempt(found, partial(plugins.parse_options, "source", name, raw), (name,))
