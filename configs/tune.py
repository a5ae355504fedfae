"""The space that `tfrs tune` searches: which settings, and between which values."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, FiniteFloat, ValidationError, field_validator, model_validator

from configs import documents, faults
from configs.errors import ConfigError
from configs.load import changed, line, read_text
from configs.run import RunConfig
from configs.section import Section

METRIC = "retrieval.validation_metric"

_TUNABLE = ("retrieval", "features.history")
_MEASURE = (METRIC, "retrieval.validation_users", "retrieval.refit")


class Range(Section):
    """Numbers between two bounds, both included."""

    low: FiniteFloat
    """Smallest value."""
    high: FiniteFloat
    """Largest value."""
    log: bool = False
    """True searches orders of magnitude evenly, the choice for step sizes."""

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if self.low >= self.high:
            raise ValueError(
                f"`low` must be below `high`, received low {self.low:g} and high {self.high:g}: "
                "correct them, or set a single value with `--set`"
            )
        if self.log and self.low <= 0:
            raise ValueError(
                f"`low` must be above 0 where `log` is true, received {self.low:g}: "
                "raise it, or leave `log` out"
            )
        return self

    def ends(self) -> tuple[Any, ...]:
        """The values that decide whether all others are right."""
        return self.low, self.high


class Choices(Section):
    """Values of any kind, in no order."""

    choices: Annotated[tuple[Any, ...], Field(min_length=2)]
    """The values; a section's value is laid over the configuration's own."""

    @field_validator("choices")
    @classmethod
    def _check_twice(cls, choices: tuple[Any, ...]) -> tuple[Any, ...]:
        for place, choice in enumerate(choices):
            if choice in choices[:place]:
                raise ValueError(f"{faults.short(choice)} stands twice: keep one of them")
        return choices

    def ends(self) -> tuple[Any, ...]:
        """The values that decide whether all others are right."""
        return self.choices


class TuneConfig(Section):
    """A search for better settings of the retrieval stage."""

    metric: str | None = None
    """Validation metric to raise; `retrieval.validation_metric` when missing."""
    trials: Annotated[int, Field(ge=1)] = 40
    """Trials in all; the first is the configuration as it stands."""
    seed: Annotated[int, Field(ge=0)] = 42
    """Seed of the search; each training has the configuration's own."""
    space: Annotated[Mapping[str, Range | Choices], Field(min_length=1)]
    """By dotted key: `{low: 0.05, high: 0.3, log: true}` or `{choices: [64, 128]}`."""

    @field_validator("space", mode="before")
    @classmethod
    def _parse_space(cls, raw: Any) -> Any:
        if not isinstance(raw, Mapping):
            return raw
        found: list[faults.Fault] = []
        parsed = {k: faults.attempt(found, partial(_parse, v), (k,)) for k, v in raw.items()}
        if found:
            raise faults.report(cls.__name__, found)
        return parsed


def _parse(raw: Any) -> Range | Choices:
    if isinstance(raw, Mapping) and "choices" in raw:
        return Choices.model_validate(raw)
    return Range.model_validate(raw)


@dataclass(frozen=True)
class Parameter:
    """A setting that is searched.

    Attributes:
        key: `key.path` in the configuration.
        present: the configuration's own value, as JSON holds it.
        values: what is searched.
        whole: whether the numbers of a range are whole ones.
    """

    key: str
    present: Any
    values: Range | Choices
    whole: bool


def load_tuning(path: Path) -> TuneConfig:
    """Read a space file.

    Raises:
        ConfigError: lists every wrong setting, with the place where it was written.
    """
    if not path.is_file():
        raise ConfigError(
            f"no file is called `{path}`: give the path of a YAML file such as "
            "`space: {retrieval.temperature: {low: 0.05, high: 0.3, log: true}}`"
        )
    document = documents.parse(read_text(path), path.name)
    try:
        return TuneConfig.model_validate(document.values)
    except ValidationError as error:
        lines = [line(details, document.places) for details in error.errors(include_url=False)]
        head = f"`{path.name}` is no space to search; mend the file:"
        raise ConfigError("\n  ".join([head, *lines])) from None


def measured_by(config: RunConfig, tuning: TuneConfig) -> RunConfig:
    """The configuration with the metric of the search."""
    return changed(config, {METRIC: tuning.metric}) if tuning.metric else config


def parameters(config: RunConfig, tuning: TuneConfig) -> tuple[Parameter, ...]:
    """What is searched around a configuration.

    Raises:
        ConfigError: a key that the configuration does not have or that a trial must not change,
            or a value that it refuses.
    """
    return tuple(_parameter(config, key, values) for key, values in tuning.space.items())


def _parameter(config: RunConfig, key: str, values: Range | Choices) -> Parameter:
    _check_tunable(key)
    present = _present(config, key)
    for value in values.ends():
        try:
            changed(config, {key: value})
        except ConfigError as error:
            raise ConfigError(
                f"`space.{key}` holds {faults.short(value)}, which the configuration refuses; "
                f"choose other bounds or choices. {error}"
            ) from None
    return Parameter(key, present, values, _refuses_fractions(config, key, values))


def _refuses_fractions(config: RunConfig, key: str, values: Range | Choices) -> bool:
    """Whether a setting whose bounds are right takes nothing but whole numbers between them."""
    if isinstance(values, Choices):
        return False
    try:
        changed(config, {key: values.low + (values.high - values.low) / math.pi})
    except ConfigError:
        return True
    return False


def _check_tunable(key: str) -> None:
    if not key.startswith(tuple(f"{section}." for section in _TUNABLE)):
        raise ConfigError(
            f"`space.{key}`: a trial trains retrieval alone, on data that are prepared once, so it "
            f"searches settings below {' and '.join(f'`{name}`' for name in _TUNABLE)}; set this "
            "one with `--set` and tune each value in a folder of its own (`--artifacts`)"
        )
    if key in _MEASURE:
        raise ConfigError(
            f"`space.{key}`: trials are compared by one measure, which this setting changes or "
            "which does not see it; set it with `--set`, or the metric with `metric`"
        )


def _present(config: RunConfig, key: str) -> Any:
    value: Any = config.model_dump(mode="json")
    for part in key.split("."):
        keys = tuple(value) if isinstance(value, Mapping) else ()
        if part not in keys:
            raise ConfigError(
                f"`space.{key}`: the configuration has no such setting; there is no `{part}`. "
                f"{faults.advice(part, keys)}."
            )
        value = value[part]
    return value
