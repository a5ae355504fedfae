"""What is kept of a trial."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Curve = tuple[tuple[int, float], ...]
"""Epoch and validation metric of each evaluation."""

State = Literal["complete", "pruned", "failed"]

Report = Callable[[Curve], None]
"""Is told of the curve so far after each evaluation; raises `Pruned` to end the training."""


class Pruned(Exception):  # noqa: N818  (a decision, not a fault)
    """The trial is not worth going on with."""


@dataclass(frozen=True)
class Trial:
    """A trial that has ended.

    Attributes:
        number: 0 is the configuration as it stands.
        settings: values by `key.path`.
        state: `complete`, `pruned` or `failed`.
        value: best validation metric; None when the trial failed.
        seconds: wall time, evaluations included.
        curve: the evaluations.
        reason: why it failed.
    """

    number: int
    settings: Mapping[str, Any]
    state: State
    value: float | None
    seconds: float
    curve: Curve
    reason: str = ""

    @property
    def score(self) -> float:
        """The value; less than any when the trial failed."""
        return -math.inf if self.value is None else self.value
