"""What the gate leaves of a challenger for the gates after it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

_KEY = "for_later"


@dataclass(frozen=True)
class GateRecord:
    """A judged challenger.

    Attributes:
        champion: number of the version that it was judged beside; None before the first.
        means: its mean metrics in its window.
    """

    champion: int | None
    means: Mapping[str, float]

    def beside(self, report: Mapping[str, Any]) -> dict[str, Any]:
        """The report of a gate with this record in it, as JSON holds both."""
        return {**report, _KEY: asdict(self)}


def record_in(report: Mapping[str, Any]) -> GateRecord | None:
    """The record in a report; None where it has none."""
    return GateRecord(**report[_KEY]) if _KEY in report else None
