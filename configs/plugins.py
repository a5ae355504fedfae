"""Plug-ins: one file each, found by name, typed by the `Options` section that the file declares.

`type: scann` of kind `index` is the module `exports.indexes.scann`; a name with a dot is the module
of a third party. A plug-in module must import without TensorFlow (`tfrs_models.backend.tf` is lazy).
"""

import difflib
import importlib
import importlib.util
import pkgutil
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from configs.errors import ConfigError
from configs.section import Section

PACKAGES: Mapping[str, str] = {
    "source": "tfrs_models.data.sources",
    "split": "tfrs_models.data.splits",
    "feature": "tfrs_models.features.types",
    "loss": "tfrs_models.losses",
    "baseline": "tfrs_models.evaluation.baselines",
    "index": "exports.indexes",
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
        near = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean `{near[0]}`?" if near else ""
        raise ConfigError(
            f"no {kind} is called `{name}`.{hint} Choose one of {', '.join(known)}, "
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


def parse_options(kind: str, name: str, raw: Mapping[str, Any]) -> Section:
    """Validate the options of one plug-in with the `Options` section of its module."""
    options: type[Section] = load(kind, name).Options
    return options.model_validate(raw)
