"""What was measured and judged: frozen data that reports are written from."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol, TypeAlias

from configs.drift import Action, Metric
from trainers.retraining.drift.histograms import Distribution
from trainers.retraining.drift.thresholds import Rows

Counts: TypeAlias = tuple[int, int]
"""Of the reference and of the current window."""
Verdict = Literal["ok", "warn", "stop"]
Part = Literal["values", "lengths"]
RateName = Literal["missing", "unknown", "mean length", "positive"]


@dataclass(frozen=True)
class ColumnDrift:
    """Two distributions of a column.

    Attributes:
        column: its name.
        part: its values, or the lengths of its lists.
        metric: the distance.
        distance: None where a side has no values.
        threshold: the largest distance without an alarm.
        verdict: what follows.
        rows: how many of each side have values.
        independent: how many independent rows these are worth.
        reference: distribution before.
        current: distribution now.
    """

    column: str
    part: Part
    metric: Metric
    distance: float | None
    threshold: float
    verdict: Verdict
    rows: Counts
    independent: Rows
    reference: Distribution
    current: Distribution


@dataclass(frozen=True)
class RateDrift:
    """Two means.

    Attributes:
        name: what is averaged: a share, or the length of lists.
        column: of which column.
        reference: the mean before.
        current: the mean now.
        threshold: the largest difference without an alarm.
        verdict: what follows.
        rows: how many each mean is of.
        independent: how many independent rows these are worth.
    """

    name: RateName
    column: str
    reference: float
    current: float
    threshold: float
    verdict: Verdict
    rows: Counts
    independent: Rows


@dataclass(frozen=True)
class DayVolume:
    """Rows of one day of the current window.

    Attributes:
        day: in UTC.
        rows: how many there are.
        expected: mean of the same weekday in the reference.
        low: fewest rows without an alarm.
        high: most rows without an alarm.
        verdict: what follows.
    """

    day: date
    rows: int
    expected: float
    low: float
    high: float
    verdict: Verdict


@dataclass(frozen=True)
class DriftReport:
    """A window of data compared with an earlier one.

    Attributes:
        rows: of the reference and of the current window.
        significance: chance of any false alarm among all measures with a calibrated threshold.
        columns: the distributions.
        rates: the means.
        days: the volumes; empty where no dates were given.
    """

    rows: Counts
    significance: float
    columns: tuple[ColumnDrift, ...]
    rates: tuple[RateDrift, ...]
    days: tuple[DayVolume, ...]

    @property
    def verdict(self) -> Verdict:
        """The gravest of all."""
        return gravest(_verdicts(self.columns) | _verdicts(self.rates) | _verdicts(self.days))


@dataclass(frozen=True)
class Mismatch:
    """How often a feature was served otherwise than it was trained on.

    Attributes:
        column: the feature.
        differing: joined requests in which it differs.
        joined: all joined requests.
        limit: largest share without an alarm.
        verdict: what follows.
    """

    column: str
    differing: int
    joined: int
    limit: float
    verdict: Verdict

    @property
    def share(self) -> float:
        """Share of the joined requests."""
        return self.differing / self.joined


@dataclass(frozen=True)
class SkewReport:
    """Features of training and of serving for the same requests.

    Attributes:
        rows: of training and of the log.
        joined: requests that both have.
        mismatches: of each feature, request by request.
        columns: the distributions over the joined requests.
    """

    rows: Counts
    joined: int
    mismatches: tuple[Mismatch, ...]
    columns: tuple[ColumnDrift, ...]

    @property
    def verdict(self) -> Verdict:
        """The gravest of all."""
        return gravest(_verdicts(self.mismatches) | _verdicts(self.columns))


def judged(alarm: bool, action: Action) -> Verdict:
    """What an alarm leads to; `ok` without one."""
    return action if alarm else "ok"


def gravest(verdicts: Collection[Verdict]) -> Verdict:
    """`stop` before `warn` before `ok`."""
    return max(verdicts, key=_GRAVITY.index, default="ok")


_GRAVITY: tuple[Verdict, ...] = ("ok", "warn", "stop")


def _verdicts(found: Iterable["_Judged"]) -> set[Verdict]:
    return {one.verdict for one in found}


class _Judged(Protocol):
    @property
    def verdict(self) -> Verdict: ...
