"""From a preset or a file, and overrides, to a validated `RunConfig`."""

from collections.abc import Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from configs import documents, faults
from configs.documents import Document, Keys
from configs.errors import ConfigError
from configs.run import RunConfig

PRESETS = Path(__file__).parent / "presets"

_BASE = "base"


def preset_names() -> list[str]:
    """Names of the presets, sorted."""
    return sorted(path.stem for path in PRESETS.glob("*.yaml"))


def load_config(source: str, overrides: Sequence[str] = ()) -> RunConfig:
    """Read a configuration.

    A file may start from another one: `base: demo`, or `base: shared.yaml` beside it. Mappings
    merge key by key, anything else replaces; a changed `type` drops the inherited `options`.

    Args:
        source: the name of a preset or the path of a YAML file.
        overrides: `key.path=value`, the value in YAML; later ones win.

    Raises:
        ConfigError: lists every wrong setting, with the place where it was written.
    """
    document = _read(source, ())
    changes = reduce(_merge, map(_override, overrides), Document({}))
    return _validated(source, _merge(document, changes))


def changed(config: RunConfig, settings: Mapping[str, Any]) -> RunConfig:
    """The configuration with other values, merged as `load_config` merges overrides.

    Args:
        config: stays as it is.
        settings: plain values by `key.path`; later ones win.

    Raises:
        ConfigError: lists every wrong setting.
    """
    changes = (_nested(key.split("."), value) for key, value in settings.items())
    values = reduce(_merged, changes, config.model_dump(mode="json"))
    return _validated(config.name, Document(values))


def overridden(config: RunConfig, overrides: Sequence[str]) -> RunConfig:
    """The configuration with overrides as `load_config` takes them.

    Raises:
        ConfigError: lists every wrong setting.
    """
    changes = reduce(_merge, map(_override, overrides), Document({}))
    return _validated(config.name, _merge(Document(config.model_dump(mode="json")), changes))


def _validated(source: str, document: Document) -> RunConfig:
    try:
        return RunConfig.model_validate(document.values)
    except ValidationError as error:
        raise ConfigError(_report(source, error, document.places)) from None


def _read(source: str, chain: tuple[Path, ...]) -> Document:
    path = _path(source, chain[-1].parent if chain else Path())
    if path in chain:
        names = " -> ".join(link.name for link in (*chain, path))
        raise ConfigError(f"`{_BASE}` goes round in a circle: {names}; remove one of them")
    document = documents.parse(read_text(path), path.name)
    base = document.values.get(_BASE)
    if base is None:
        return document
    if not isinstance(base, str):
        raise ConfigError(
            f"{document.places[_BASE,]}: `{_BASE}` must be the name of a preset or the path of a "
            f"file; received {faults.short(base)}"
        )
    own = {key: value for key, value in document.values.items() if key != _BASE}
    return _merge(_read(base, (*chain, path)), Document(own, document.places))


def _path(source: str, folder: Path) -> Path:
    if source in preset_names():
        return PRESETS / f"{source}.yaml"
    path = folder / Path(source).expanduser()
    if path.is_file():
        return path.resolve()
    raise ConfigError(
        f"no preset and no file is called `{source}`. {faults.advice(source, preset_names())}, "
        "or give the path of a YAML file."
    )


def read_text(path: Path) -> str:
    """Text of a YAML file, cut just past the length that `documents` refuses.

    Raises:
        ConfigError: it cannot be read, or is no UTF-8.
    """
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(documents.MAX_LENGTH + 1)
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path.name}: must be UTF-8 text; byte {error.start} is not") from error
    except OSError as error:
        raise ConfigError(f"{path.name} cannot be read: {error.strerror}") from error


def _override(text: str) -> Document:
    path, equals, value = text.partition("=")
    keys = tuple(path.strip().split("."))
    if not equals or not all(keys):
        raise ConfigError(
            f"`--set` takes `key.path=value`, such as `retrieval.embedding_dim=32`; "
            f"received {faults.short(text)}"
        )
    origin = f"--set {path.strip()}"
    places = {keys[:length]: origin for length in range(1, len(keys) + 1)}
    return Document(_nested(keys, documents.parse_value(value, origin)), places)


def _nested(keys: Sequence[str], value: Any) -> Any:
    return reduce(lambda inner, key: {key: inner}, reversed(keys), value)


def _merge(base: Document, changes: Document) -> Document:
    values = _merged(base.values, changes.values)
    return Document(values, {**base.places, **changes.places})


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(base)
    if "type" in changes and changes["type"] != base.get("type"):
        result.pop("options", None)
    for key, new in changes.items():
        old = result.get(key)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            result[key] = _merged(old, new)
        else:
            result[key] = new
    return result


def _report(source: str, error: ValidationError, places: Mapping[Keys, str]) -> str:
    found = error.errors(include_url=False)
    count = "1 setting" if len(found) == 1 else f"{len(found)} settings"
    return "\n".join(
        [
            f"`{source}`: {count} wrong",
            *(f"  {line(details, places)}" for details in found),
            "Mend the file or add `--set key.path=value`; "
            "`tfrs config reference` shows every setting with its default.",
        ]
    )


def line(details: ErrorDetails, places: Mapping[Keys, str]) -> str:
    """One fault: the setting, where it was written, and what is wrong with it."""
    path = details["loc"]
    name = ".".join(map(str, path)) or "configuration"
    return f"`{name}`{_written(path, places)}: {faults.describe(details)}"


def _written(path: faults.Path, places: Mapping[Keys, str]) -> str:
    for length in range(len(path), 0, -1):
        place = places.get(tuple(map(str, path[:length])))
        if place:
            return f" ({place})"
    return ""
