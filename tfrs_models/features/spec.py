"""The fitted features of a run, as JSON and text: what training, exports and servers share."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from configs.errors import ArtifactError
from configs.features import Stage, Table
from configs.plugins import parse_options
from configs.section import Section
from tfrs_models.durable import write_text
from tfrs_models.features.feature_type import MISSING, Output, Raw, RawDtype, feature_type
from tfrs_models.features.history import HistorySpec

__all__ = [
    "FeatureSpec",
    "FittedCross",
    "FittedFeature",
    "HistorySpec",
    "Output",
    "Raw",
    "RawInput",
]

VERSION = 2
SPEC_FILE = "spec.json"
VOCABULARIES = "vocabularies"


@dataclass(frozen=True)
class RawInput:
    """One raw tensor of a request, named by its column; several features may read it.

    Attributes:
        name: the column.
        table: where the column stands.
        dtype: `string`, `float32` or `int64`.
        width: 0 for `[B]`, W for `[B, W]`.
        separator: joins several values in one string; None where there is one value.
    """

    name: str
    table: Table
    dtype: RawDtype
    width: int
    separator: str | None

    @property
    def missing(self) -> str | float | int:
        """The missing value as JSON can hold it: "" and -1 as they are, "nan" for NaN."""
        return "nan" if self.dtype == "float32" else MISSING[self.dtype]


@dataclass(frozen=True)
class FittedFeature:
    """One feature with what it learned.

    Attributes:
        name: unique over all tables.
        table: the table of its column.
        type: name of the feature type.
        column: the column it reads, and its raw input.
        options: settings of the type.
        state: what `fit` learned; plain JSON values.
        stages: the stages that see it.
        embedding_dim: width of its embedding; of a dense feature, its own width.
        output: the encoded tensor.
    """

    name: str
    table: Table
    type: str
    column: str
    options: Section
    state: Mapping[str, Any]
    stages: tuple[Stage, ...]
    embedding_dim: int
    output: Output

    @property
    def raw_input(self) -> RawInput:
        """The raw tensor it reads."""
        raw = feature_type(self.type).raw(self.options)
        return RawInput(self.column, self.table, raw.dtype, raw.width, raw.separator)


@dataclass(frozen=True)
class FittedCross:
    """A hashed combination of the first ids of several features, `[B, 1]`."""

    name: str
    of: tuple[str, ...]
    output: Output


@dataclass(frozen=True)
class FeatureSpec:
    """All features of a run.

    Attributes:
        features: in the order of the configuration: user, item, context.
        crosses: for the wide part of the ranker.
        history: what a history holds.
        folder: holds `spec.json` and `vocabularies/NAME.txt` (no part of equality).
    """

    features: tuple[FittedFeature, ...]
    crosses: tuple[FittedCross, ...]
    history: HistorySpec
    folder: Path = field(compare=False)

    def select(self, stage: Stage, table: Table) -> tuple[FittedFeature, ...]:
        """Features of one table that one stage sees."""
        return tuple(f for f in self.table(table) if stage in f.stages)

    def table(self, table: Table) -> tuple[FittedFeature, ...]:
        """Features of one table."""
        return tuple(f for f in self.features if f.table == table)

    def feature(self, name: str) -> FittedFeature:
        """The feature called `name` (KeyError when there is none)."""
        return {f.name: f for f in self.features}[name]

    @property
    def num_item_ids(self) -> int:
        """Item ids lie below this; equal to the dataset's `known_items`."""
        return self.feature("item_id").output.num_ids

    @property
    def raw_inputs(self) -> tuple[RawInput, ...]:
        """The raw tensors of all tables, one a column; the history is not among them."""
        merged: dict[str, RawInput] = {}
        for raw in (f.raw_input for f in self.features):
            separator = merged.get(raw.name, raw).separator or raw.separator
            merged[raw.name] = replace(raw, separator=separator)
        return tuple(merged.values())

    def vocabulary(self, name: str) -> Path:
        """Vocabulary file of a feature; it exists only when the type has one."""
        return self.folder / VOCABULARIES / f"{name}.txt"

    @property
    def fingerprint(self) -> str:
        """SHA-256 of everything that decides how a raw row is encoded, 64 hexadecimal digits."""
        return hashlib.sha256(json.dumps(_to_json(self), sort_keys=True).encode()).hexdigest()

    def save(self, folder: Path) -> Self:
        """Write the spec and its vocabularies; returns the spec that lies there."""
        (folder / VOCABULARIES).mkdir(parents=True, exist_ok=True)
        for path in _vocabularies(self):
            if path.parent != folder / VOCABULARIES:
                shutil.copyfile(path, folder / VOCABULARIES / path.name)
        write_text(folder / SPEC_FILE, json.dumps(_to_json(self), indent=2) + "\n")
        return replace(self, folder=folder)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a spec and check its vocabularies.

        Raises:
            ArtifactError: a file is missing or changed, or the spec has another version.
        """
        raw = _read_json(folder / SPEC_FILE)
        spec = cls(
            features=tuple(_feature(f) for f in raw["features"]),
            crosses=tuple(_cross(c) for c in raw["crosses"]),
            history=_history(raw["history"]),
            folder=folder,
        )
        _check_vocabularies(spec, raw["vocabularies"])
        return spec


def _vocabularies(spec: FeatureSpec) -> list[Path]:
    paths = (spec.vocabulary(f.name) for f in spec.features)
    return [path for path in paths if path.exists()]


def _digests(spec: FeatureSpec) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in _vocabularies(spec)}


def _to_json(spec: FeatureSpec) -> dict[str, Any]:
    return {
        "version": VERSION,
        "history": asdict(spec.history),
        "raw_inputs": [asdict(raw) | {"missing": raw.missing} for raw in spec.raw_inputs],
        "features": [
            vars(f) | {"options": f.options.model_dump(mode="json"), "output": asdict(f.output)}
            for f in spec.features
        ],
        "crosses": [asdict(cross) for cross in spec.crosses],
        "vocabularies": _digests(spec),
    }


def _history(raw: Mapping[str, Any]) -> HistorySpec:
    return HistorySpec(**{**raw, "event_types": tuple(raw["event_types"])})


def _feature(raw: Mapping[str, Any]) -> FittedFeature:
    parsed = {
        "options": parse_options("feature", raw["type"], raw["options"]),
        "stages": tuple(raw["stages"]),
        "output": Output(**raw["output"]),
    }
    return FittedFeature(**{**raw, **parsed})


def _cross(raw: Mapping[str, Any]) -> FittedCross:
    return FittedCross(raw["name"], tuple(raw["of"]), Output(**raw["output"]))


def _read_json(path: Path) -> Any:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ArtifactError(
            f"no feature spec can be read from `{path}`: {error}. Fit the features again."
        ) from error
    version = raw.get("version") if isinstance(raw, dict) else None
    if version != VERSION:
        raise ArtifactError(
            f"the feature spec `{path}` has version {version}, this program reads "
            f"version {VERSION}: fit the features again with this program"
        )
    return raw


def _check_vocabularies(spec: FeatureSpec, expected: Mapping[str, str]) -> None:
    found = _digests(spec)
    wrong = sorted(name for name, digest in expected.items() if found.get(name) != digest)
    if wrong:
        raise ArtifactError(
            f"the vocabularies {', '.join(wrong)} in `{spec.folder / VOCABULARIES}` are missing or "
            "changed since the features were fitted: restore them or fit the features again"
        )
