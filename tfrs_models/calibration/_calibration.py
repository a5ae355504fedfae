"""The contract of a calibration, and a fitted one as JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self, cast

import numpy as np
from numpy.typing import NDArray

from configs import plugins
from configs.calibration import CalibrationConfig
from configs.errors import ArtifactError
from configs.section import Section
from tfrs_models.backend import tf
from tfrs_models.durable import write_text


class Calibration(Protocol):
    """What a module of a calibration offers; it imports without TensorFlow."""

    Options: type[Section]

    def fit(
        self,
        options: Any,
        logits: NDArray[np.floating],
        labels: NDArray[np.floating],
        weights: NDArray[np.floating],
    ) -> dict[str, Any]:
        """Learn from examples, floating [N] each, that the ranker was not trained on.

        A weight of 2 equals two examples. The state must survive JSON unchanged.

        Raises:
            DataError: the examples say nothing about probabilities (`tfrs_models.calibration.
                _sample.Sample.check`).
        """

    def apply(self, state: Mapping[str, Any], logits: Any) -> Any:
        """Probabilities of finite logits, float32 of any shape, with graph operations only.

        They never fall as the logit rises.
        """


def calibration(name: str) -> Calibration:
    """The calibration called `name`.

    Raises:
        ConfigError: no such calibration.
    """
    return cast(Calibration, plugins.load("calibration", name))


@dataclass(frozen=True)
class Calibrator:
    """A fitted calibration.

    Attributes:
        type: its name.
        state: what it learned; plain JSON values.
    """

    type: str
    state: Mapping[str, Any]

    @classmethod
    def fit(
        cls,
        config: CalibrationConfig,
        logits: NDArray[np.floating],
        labels: NDArray[np.floating],
        weights: NDArray[np.floating] | None = None,
    ) -> Self:
        """Fit what the configuration chose.

        Args:
            config: the type and its options.
            logits: floating [N], of examples that the ranker was not trained on.
            labels: floating [N], from 0 to 1.
            weights: floating [N]; None weighs every example 1.

        Raises:
            DataError: the examples say nothing about probabilities.
        """
        options = plugins.parse_options(config.kind, config.type, config.options)
        weights = np.ones(len(labels)) if weights is None else weights
        return cls(config.type, calibration(config.type).fit(options, logits, labels, weights))

    def apply(self, logits: Any) -> Any:
        """Probabilities, float32, of finite logits of any shape; graph operations only."""
        return calibration(self.type).apply(self.state, tf.cast(logits, tf.float32))

    def to_json(self) -> str:
        """As one line of JSON."""
        return json.dumps({"type": self.type, "state": self.state}, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """What `to_json` wrote; it applies bit for bit as before.

        Raises:
            ArtifactError: the text is no calibrator.
        """
        try:
            raw = json.loads(text)
            return cls(raw["type"], raw["state"])
        except (ValueError, KeyError, TypeError) as error:
            raise ArtifactError(
                f"a calibrator must be JSON with `type` and `state` ({error}): train again, or "
                "copy the run again."
            ) from error

    def save(self, path: Path) -> None:
        """Write the file whole."""
        write_text(path, self.to_json() + "\n")

    @classmethod
    def load(cls, path: Path) -> Self:
        """What `save` wrote.

        Raises:
            ArtifactError: there is no such file, or it is damaged.
        """
        try:
            return cls.from_json(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise ArtifactError(
                f"there is no calibrator at {path}: train again, or copy the run again."
            ) from error
        except (ArtifactError, UnicodeError) as error:
            raise ArtifactError(f"{path} is damaged: {error}") from error
