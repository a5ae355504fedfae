"""The reference configuration: every key with its default and one comment line."""

import ast
import inspect
import textwrap
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

from configs import documents, plugins
from configs.data import DataConfig
from configs.features import FeatureConfig
from configs.plugins import PluginSection
from configs.run import RunConfig
from configs.section import Section

_HEADER = """\
# Every setting with its default. Made by `tfrs config reference`.
# A configuration names only what differs: a YAML file, or `--set key.path=value`.
"""


class Entry(NamedTuple):
    """A key, its value and what it means."""

    key: str
    value: Any
    meaning: str


def reference() -> str:
    """The text of `configs/presets/reference.yaml`."""
    return _HEADER + "".join(_lines(_entries(RunConfig()), ""))


def _lines(entries: Iterator[Entry], indent: str) -> Iterator[str]:
    for key, value, meaning in entries:
        yield f"{indent}# {meaning}\n"
        children = list(_children(value))
        if children:
            yield f"{indent}{key}:\n"
            yield from _lines(iter(children), indent + "  ")
        else:
            yield indent + documents.dump({key: value})


def _children(value: Any) -> Iterator[Entry]:
    if isinstance(value, Section):
        yield from _entries(value)
    elif isinstance(value, Mapping):
        for key, child in value.items():
            yield Entry(key, child, _first_line(child))


def _entries(section: Section) -> Iterator[Entry]:
    """The keys of a section; those of its plug-in are found among or below them."""
    plain = section.model_dump(mode="json")
    meaning = meanings(type(section))
    for key in type(section).model_fields:
        value = getattr(section, key)
        if key == "options" and isinstance(section, PluginSection):
            value = plugins.parse_options(section.kind, section.type, section.options)
        nested = isinstance(value, Section | Mapping) and any(_children(value))
        yield Entry(key, value if nested else plain[key], meaning[key])
    if isinstance(section, FeatureConfig):
        yield from _entries(section.options)
    if isinstance(section, DataConfig):
        yield Entry(section.source, section.source_options, _first_line(section.source_options))


def meanings(section: type[Section]) -> dict[str, str]:
    """The docstring below each field, on one line.

    Read from the source text, and only here: letting pydantic collect them for every section
    would add a fifth to the start-up of each command.
    """
    found: dict[str, str] = {}
    for owner in reversed(section.__mro__):
        if issubclass(owner, Section):
            found |= _docstrings(owner)
    return found


def _docstrings(owner: type[Section]) -> dict[str, str]:
    tree = ast.parse(textwrap.dedent(inspect.getsource(owner)))
    body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
    return {
        field.target.id: " ".join(text.value.value.split())
        for field, text in pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }


def _first_line(value: Any) -> str:
    return (type(value).__doc__ or "").strip().partition("\n")[0]
