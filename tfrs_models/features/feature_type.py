"""The contract of a feature type: one module of `tfrs_models.features.types` with six names."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast

from configs import plugins
from configs.section import Section

if TYPE_CHECKING:
    from tfrs_models.features.training_column import TrainingColumn

RawDtype = Literal["string", "float32", "int64"]

MISSING_ID = 0
UNKNOWN_ID = 1
FIRST_ID = 2
MISSING_TIME = -1
MISSING: Mapping[RawDtype, str | float | int] = {
    "string": "",
    "float32": float("nan"),
    "int64": MISSING_TIME,
}
"""The raw value that stands for missing, by dtype."""


@dataclass(frozen=True)
class Raw:
    """The raw tensor that a feature reads.

    Attributes:
        dtype: missing values are "" (string), NaN (float32) and -1 (int64, seconds since 1970 UTC).
        width: 0 for one value a row `[B]`, W for a vector a row `[B, W]`.
        separator: joins the elements of a column that holds lists; None refuses such a column.
    """

    dtype: RawDtype
    width: int = 0
    separator: str | None = None

    def fits(self, other: "Raw") -> bool:
        """Whether one raw tensor can serve both."""
        separators = {self.separator, other.separator} - {None}
        return (self.dtype, self.width) == (other.dtype, other.width) and len(separators) <= 1


@dataclass(frozen=True)
class Output:
    """The one tensor that a feature becomes.

    Attributes:
        kind: `ids` is int32 `[B, width]` (0 missing or padding, 1 unknown, from 2 known);
            `dense` is float32 `[B, width]`, always finite.
        width: columns, at least 1.
        num_ids: ids lie below this; 0 for `dense`.
    """

    kind: Literal["ids", "dense"]
    width: int
    num_ids: int = 0


class FeatureType(Protocol):
    """What a module of a feature type offers; it imports without TensorFlow.

    `vocabulary` is a file of the feature's own, one token a line, in the order of the ids. A type
    without a vocabulary leaves it unwritten.
    """

    Options: type[Section]

    def raw(self, options: Any) -> Raw:
        """The raw tensor the type reads."""

    def fit(self, options: Any, column: "TrainingColumn", vocabulary: Path) -> dict[str, Any]:
        """Learn from the training rows; the state must survive JSON unchanged."""

    def output(self, options: Any, state: Mapping[str, Any]) -> Output:
        """The tensor that `encode` returns."""

    def resources(self, options: Any, state: Mapping[str, Any], vocabulary: Path) -> dict[str, Any]:
        """What `encode` needs in the graph, created once (look-up tables)."""

    def encode(
        self, options: Any, state: Mapping[str, Any], resources: Mapping[str, Any], raw: Any
    ) -> Any:
        """Encode `raw` `[B]` or `[B, W]` with graph operations only, each row by itself."""


def feature_type(name: str) -> FeatureType:
    """The feature type called `name`.

    Raises:
        ConfigError: no such type.
    """
    return cast(FeatureType, plugins.load("feature", name))
