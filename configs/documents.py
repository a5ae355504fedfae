"""YAML documents: read strictly, with the place of every key, and written for people.

Stricter than `yaml.safe_load`: no duplicate keys, no keys other than text, no anchors and aliases
(a few lines of which can unfold to gigabytes), at most 2**20 characters and 32 levels.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from configs.errors import ConfigError

MAX_LENGTH = 2**20
MAX_DEPTH = 32

Keys = tuple[str, ...]

_PLAIN_TAGS = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Document:
    """A mapping and where each of its keys was written, such as `my.yaml:12`."""

    values: Mapping[str, Any]
    places: Mapping[Keys, str] = field(default_factory=dict)


def parse(text: str, origin: str) -> Document:
    """Read a mapping.

    Args:
        text: the document.
        origin: its name in errors and places.

    Raises:
        ConfigError: no YAML, no mapping, or one of the refusals above; names the line.
    """
    node = _compose(text, origin)
    if node is None:
        return Document({})
    if not isinstance(node, yaml.MappingNode):
        raise ConfigError(
            f"{origin}: the top of a configuration must be a mapping such as `seed: 1`; "
            f"received {_kind(node)}"
        )
    places: dict[Keys, str] = {}
    return Document(_Builder(origin, places).mapping(node, ()), places)


def parse_value(text: str, origin: str) -> Any:
    """Read one value, such as `3`, `[64, 32]` or `{type: text}`."""
    node = _compose(text, origin)
    if node is None:
        raise ConfigError(f"{origin}: the value is missing; write `null` for none, '' for no text")
    return _Builder(origin, {}).value(node, ())


def dump(values: Mapping[str, Any]) -> str:
    """Write a mapping: one key a line, lists inline."""
    return yaml.dump(
        values, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100, indent=2
    )


class _Dumper(yaml.SafeDumper):
    """Writes lists inline."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _represent_list(dumper: yaml.SafeDumper, values: list[Any]) -> yaml.Node:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", values, flow_style=True)


_Dumper.add_representer(list, _represent_list)


def _compose(text: str, origin: str) -> yaml.Node | None:
    if len(text) > MAX_LENGTH:
        raise ConfigError(
            f"{origin}: a configuration has at most {MAX_LENGTH} characters; received {len(text)}"
        )
    try:
        _refuse_events(yaml.parse(text, Loader=_LOADER), origin)
        node: yaml.Node | None = yaml.compose(text, Loader=_LOADER)
    except (yaml.YAMLError, UnicodeError) as error:
        place = _place(origin, getattr(error, "problem_mark", None))
        raise _invalid(error, place) from error
    return node


def _refuse_events(events: Iterator[yaml.Event], origin: str) -> None:
    depth = 0
    for event in events:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise ConfigError(
                f"{_place(origin, event.start_mark)}: anchors (`&`) and aliases (`*`) are refused; "
                "write the values out, or put the common part into a file named by `base`"
            )
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise ConfigError(
                f"{_place(origin, event.start_mark)}: nested deeper than {MAX_DEPTH} levels"
            )


@dataclass(frozen=True)
class _Builder:
    """Makes plain values of nodes and notes the places of keys."""

    origin: str
    places: dict[Keys, str]

    def value(self, node: yaml.Node, path: Keys) -> Any:
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node)
        if node.tag not in _PLAIN_TAGS:
            place = _place(self.origin, node.start_mark)
            raise ConfigError(
                f"{place}: this is no valid YAML: unknown tag {node.tag!r}; remove it"
            )
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        return [self.value(child, path) for child in node.value]

    def mapping(self, node: yaml.MappingNode, path: Keys) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self.key(key_node)
            if key in result:
                raise ConfigError(
                    f"{_place(self.origin, key_node.start_mark)}: the key `{key}` stands twice in "
                    "one mapping; keep one of them"
                )
            self.places[(*path, key)] = _place(self.origin, key_node.start_mark)
            result[key] = self.value(value_node, (*path, key))
        return result

    def key(self, node: yaml.Node) -> str:
        key = self.scalar(node) if isinstance(node, yaml.ScalarNode) else None
        if not isinstance(key, str):
            raise ConfigError(
                f"{_place(self.origin, node.start_mark)}: a key must be text; received "
                f"{_kind(node)}: put quotes around it"
            )
        return key

    def scalar(self, node: yaml.Node) -> Any:
        try:
            return yaml.constructor.SafeConstructor().construct_document(node)
        except (yaml.YAMLError, ValueError) as error:
            raise _invalid(error, _place(self.origin, node.start_mark)) from error


def _kind(node: yaml.Node) -> str:
    if isinstance(node, yaml.ScalarNode):
        return f"`{node.value}`, which YAML reads as {node.tag.rpartition(':')[2]}"
    return "a list" if isinstance(node, yaml.SequenceNode) else "a mapping"


def _place(origin: str, mark: Any) -> str:
    return f"{origin}:{mark.line + 1}" if mark else origin


def _invalid(error: Exception, place: str) -> ConfigError:
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    return ConfigError(f"{place}: this is no valid YAML: {problem}")
