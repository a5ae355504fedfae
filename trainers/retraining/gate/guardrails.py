"""Guardrails: what a model may not lose or cost, whatever its hits."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from configs.gate import GateConfig
from trainers.retraining.gate.paired import said
from trainers.retraining.gate.scored import Facts
from trainers.retraining.gate.verdict import Check


@dataclass(frozen=True)
class _Limit:
    """A fact of the challenger against a multiple of the champion's.

    Attributes:
        fact: of `Facts`.
        setting: where the multiple comes from.
        factor: the multiple; None does not look.
        side: whether the product is the largest or the smallest value that is allowed.
    """

    fact: str
    setting: str
    factor: float | None
    side: Literal["most", "least"] = "most"


def index_guardrail(challenger: Facts, config: GateConfig) -> Iterator[Check]:
    """The recall of the index, which needs no champion."""
    least, found = config.min_index_recall, challenger.index_recall
    if least is None:
        return
    if found is None:
        yield _unknown("index_recall", "challenger", "min_index_recall")
        return
    passed = found >= least
    text = f"index_recall: challenger {found:.4f}, at least {least:.4f}: {said(passed)}"
    yield Check("index_recall", passed, found, least, text)


def relative_guardrails(challenger: Facts, champion: Facts, config: GateConfig) -> Iterator[Check]:
    """Time, size and spread against those of the champion."""
    drop, rise = config.max_coverage_drop, config.max_popularity_share_rise
    limits = (
        _Limit("p99_ms", "max_latency_ratio", config.max_latency_ratio),
        _Limit("bytes", "max_size_ratio", config.max_size_ratio),
        _Limit("coverage", "max_coverage_drop", None if drop is None else 1 - drop, "least"),
        _Limit("popularity_share", "max_popularity_share_rise", None if rise is None else 1 + rise),
    )
    for limit in limits:
        if limit.factor is not None:
            ours, theirs = getattr(challenger, limit.fact), getattr(champion, limit.fact)
            yield _relative(limit, limit.factor, ours, theirs)


def _relative(limit: _Limit, factor: float, ours: float | None, theirs: float | None) -> Check:
    if ours is None or theirs is None:
        return _unknown(limit.fact, "challenger" if ours is None else "champion", limit.setting)
    allowed = factor * theirs
    passed = ours >= allowed if limit.side == "least" else ours <= allowed
    text = (
        f"{limit.fact}: challenger {ours:,.4g}, champion {theirs:,.4g}, at {limit.side} "
        f"{allowed:,.4g}: {said(passed)}"
    )
    return Check(limit.fact, passed, ours, allowed, text)


def _unknown(fact: str, model: str, setting: str) -> Check:
    text = (
        f"{fact}: failed; it was not measured for the {model}: measure it, or set `{setting}: null`"
    )
    return Check(fact, False, None, None, text)
