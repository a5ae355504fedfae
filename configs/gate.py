"""When a new version may take the place of the one that is served."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, FiniteFloat, field_validator, model_validator

from configs import faults
from configs.section import Section

METRICS = ("recall", "ndcg", "precision", "hit_rate", "mrr", "map")
"""Metrics of lists, each with a length such as `recall@20`; larger is better."""
BUILT_IN_SLICES = ("new_users", "new_items", "tail")
"""Slices that every data set has; other names are columns of users or events."""

Relative = Annotated[float, Field(ge=0, lt=1)]
Confidence = Annotated[float, Field(gt=0.5, lt=1)]
Positive = Annotated[int, Field(ge=1)]

_KEY = re.compile(r"(\w+)@([1-9][0-9]*)")


class MetricRule(Section):
    """What one metric must show."""

    margin: Relative | None = None
    """How much worse the challenger may be, as a part of the champion's mean. When missing: what an
    equal challenger needs to pass 19 times of 20 with the users there are, from 1% to 10%."""
    floor: FiniteFloat | None = None
    """Smallest mean that is published, with or without a champion; none when missing."""


class GateConfig(Section):
    """The rules by which a challenger is published; one that it breaks keeps the champion."""

    metrics: Annotated[Mapping[str, MetricRule], Field(min_length=1)] = {
        "ndcg@20": MetricRule(),
        "recall@20": MetricRule(),
    }
    """Metrics that must not be worse, such as `{recall@50: {margin: 0.02, floor: 0.1}}`."""
    confidence: Confidence = 0.95
    """Confidence of the one-sided lower bounds of the differences over all users."""
    bootstrap_samples: Annotated[int, Field(ge=100)] = 1000
    """Resamples of the users; a bound further out in the tail takes as many as it needs."""
    min_users: Positive = 100
    """Fewest users of a window that can decide anything."""
    slices: tuple[str, ...] = BUILT_IN_SLICES
    """Parts of the queries that are looked at alone: `new_users`, `new_items`, `tail`, and columns
    of users or events, of which each value is a slice."""
    slice_margin: Relative = 0.03
    """How much worse the challenger may be in a slice, as a part of the champion's mean there."""
    min_slice_users: Positive = 500
    """Fewest users with whom a slice decides; a smaller one is only reported."""
    slice_confidence: Confidence = 0.99
    """Confidence in all slices and metrics together (Holm)."""
    min_index_recall: Annotated[float, Field(gt=0, le=1)] | None = 0.95
    """Smallest share of the exact lists that the index finds; null does not look."""
    max_latency_ratio: Annotated[FiniteFloat, Field(gt=0)] | None = 1.3
    """Largest 99th percentile of the answer times, in those of the champion; null does not look."""
    max_size_ratio: Annotated[FiniteFloat, Field(gt=0)] | None = 2.0
    """Largest size on disk, in those of the champion; null does not look."""
    max_coverage_drop: Relative | None = 0.2
    """Largest loss of coverage, as a part of the champion's; null does not look."""
    max_popularity_share_rise: Annotated[FiniteFloat, Field(ge=0)] | None = 0.2
    """Largest rise of the share of popular items, as a part of the champion's; null does not
    look."""
    max_champion_drop: Relative | None = 0.5
    """Largest fall of the champion's own metrics since it was published, as a part of them. A
    window in which the champion itself fails is no judge of another: its data are wrong, or the
    world is another one. null does not look."""
    max_decline: Relative | None = 0.02
    """Largest sure loss beside the oldest kept version from which the champion has come, as a part
    of that one's mean: losses within the margins add up. `retraining.keep` says how far back that
    is; null does not look."""
    max_rejects_in_a_row: Positive = 3
    """Rejected challengers, one after the other, that are an alarm."""

    @field_validator("metrics")
    @classmethod
    def _check_metrics(cls, metrics: Mapping[str, MetricRule]) -> Mapping[str, MetricRule]:
        for key in metrics:
            split_metric(key)
        return metrics

    @model_validator(mode="after")
    def _check_slices(self) -> Self:
        twice = [name for name, count in Counter(self.slices).items() if count > 1]
        if twice:
            raise ValueError(f"`slices` names `{twice[0]}` twice: keep one of them")
        if self.min_slice_users < self.min_users:
            raise ValueError(
                f"`min_slice_users` must be at least `min_users`, {self.min_users}; received "
                f"{self.min_slice_users}: a slice proves no more than the whole window, so raise "
                "it, or lower `min_users`"
            )
        return self


def split_metric(key: str) -> tuple[str, int]:
    """Name and list length of a metric such as `recall@20`.

    Raises:
        ValueError: there is no such metric.
    """
    found = _KEY.fullmatch(key)
    if found is None:
        raise ValueError(
            f"a metric of the gate is a name and a list length, such as `recall@20`; received "
            f"{key!r}"
        )
    name, k = found.groups()
    if name not in METRICS:
        raise ValueError(
            f"there is no metric of lists called {name!r}; received {key!r}. "
            f"{faults.advice(name, METRICS)}"
        )
    return name, int(k)
