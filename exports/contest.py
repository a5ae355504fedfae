"""Indexes side by side: what was measured of each, and which is taken."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

EXACT = "exact"
_TIE = 1.1
"""The exact index may take this times as long: it is there anyway and misses nothing."""


@dataclass(frozen=True)
class Measured:
    """An index and what was measured of it.

    Attributes:
        type: name of the plug-in.
        options: all its settings.
        recall: share of the exact top 100 that it finds.
        p50_ms: median time of a search for one query, milliseconds.
        p99_ms: 99th percentile, milliseconds.
        build_seconds: time of the build with the start of its process, about a second.
        bytes: size on disk.
    """

    type: str
    options: Mapping[str, Any]
    recall: float
    p50_ms: float
    p99_ms: float
    build_seconds: float
    bytes: int


@dataclass(frozen=True)
class Contest:
    """All indexes that were measured.

    Attributes:
        measured: of each, the exact one first.
        chosen: the place of the one that was taken.
    """

    measured: tuple[Measured, ...]
    chosen: int


def choose(found: Sequence[Measured], min_recall: float) -> int:
    """The place of the fastest index that finds enough; the exact one wins when it is near.

    Args:
        found: with the exact index among them.
        min_recall: at most 1, so that the exact index finds enough.
    """
    enough = [place for place, one in enumerate(found) if one.recall >= min_recall]
    fastest = min(enough, key=lambda place: found[place].p50_ms)
    exact = next(place for place, one in enumerate(found) if one.type == EXACT)
    return exact if found[exact].p50_ms <= _TIE * found[fastest].p50_ms else fastest
