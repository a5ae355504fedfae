"""Plug-ins: one file each, found by name, typed by the `Options` section that the file declares.

`type: scann` of kind `index` is the module `exports.indexes.scann`; a name with a dot is the module
of a third party. A plug-in must import without TensorFlow (`tfrs_models.backend.tf` is lazy).
"""

import importlib
import importlib.util
import pkgutil
from collections.abc import Collection, Mapping
from types import ModuleType
from typing import Any, ClassVar

from pydantic import ValidationInfo, field_validator

from configs import faults
from configs.errors import ConfigError
from configs.section import Section

PACKAGES: Mapping[str, str] = {
    "source": "tfrs_models.data.sources",
    "split": "tfrs_models.data.splits",
    "feature": "tfrs_models.features.types",
    "history": "tfrs_models.layers.history",
    "negatives": "tfrs_models.negatives",
    "loss": "tfrs_models.losses",
    "label": "tfrs_models.labels",
    "objective": "tfrs_models.objectives",
    "interaction": "tfrs_models.layers.interactions",
    "sharing": "tfrs_models.layers.sharing",
    "calibration": "tfrs_models.calibration",
    "baseline": "tfrs_models.evaluation.baselines",
    "index": "exports.indexes",
    "reranking": "tfrs_models.reranking.methods",
    "hook": "trainers.retraining.hooks.types",
}


def names(kind: str) -> list[str]:
    """Names of the built-in plug-ins of a kind, sorted; imports none of them."""
    spec = importlib.util.find_spec(PACKAGES[kind])
    folders = spec.submodule_search_locations if spec else None
    return sorted(m.name for m in pkgutil.iter_modules(folders) if not m.name.startswith("_"))


def load(kind: str, name: str) -> ModuleType:
    """The module of one plug-in.

    Raises:
        ConfigError: no such plug-in; lists the names of the kind and the nearest one.
    """
    if "." in name:
        return _load_third_party(kind, name)
    known = names(kind)
    if name not in known:
        raise ConfigError(
            f"no {kind} is called `{name}`. {faults.advice(name, known)}, "
            "or give the dotted name of your own module."
        )
    return importlib.import_module(f"{PACKAGES[kind]}.{name}")


def _load_third_party(kind: str, name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"the {kind} `{name}` cannot be imported: {error}. Install the package that holds it "
            "or correct the dotted name."
        ) from error


def options_class(kind: str, name: str) -> type[Section]:
    """The section that declares the options of one plug-in.

    Raises:
        ConfigError: no such plug-in, or a module without an `Options` section.
    """
    options = getattr(load(kind, name), "Options", None)
    if not (isinstance(options, type) and issubclass(options, Section)):
        raise ConfigError(
            f"the {kind} `{name}` is no plug-in: its module must hold `class Options(Section)` "
            f"(`Section` of configs.section); received {options!r}"
        )
    return options


def parse_options(kind: str, name: str, raw: Mapping[str, Any]) -> Section:
    """Validate the options of one plug-in with the `Options` section of its module."""
    return options_class(kind, name).model_validate(raw)


def parse_inline(kind: str, name: str, raw: Mapping[str, Any], own: Collection[str]) -> Section:
    """Validate options that stand beside the section's `own` keys."""
    options = options_class(kind, name)
    known = options.model_fields
    unknown = {key: value for key, value in raw.items() if key not in known}
    found = [faults.unknown_key((k,), v, [*own, *known]) for k, v in unknown.items()]
    given = {key: value for key, value in raw.items() if key in known}
    parsed = faults.attempt(found, lambda: options.model_validate(given))
    if found or parsed is None:
        raise faults.report(name, found)
    return parsed


class PluginSection(Section):
    """A choice of one plug-in, with the settings of that plug-in."""

    kind: ClassVar[str]

    type: str
    """Name of the plug-in, or the dotted name of a module."""
    options: Mapping[str, Any] = {}
    """Settings of the plug-in."""

    @field_validator("type")
    @classmethod
    def _check_type(cls, name: str) -> str:
        options_class(cls.kind, name)
        return name

    @field_validator("options")
    @classmethod
    def _resolve_options(cls, raw: Mapping[str, Any], info: ValidationInfo) -> Mapping[str, Any]:
        if "type" not in info.data:
            return raw
        return parse_options(cls.kind, info.data["type"], raw).model_dump()
