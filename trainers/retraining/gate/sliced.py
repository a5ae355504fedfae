"""Slices: parts of the queries in which the challenger must not be worse either."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from configs.gate import GateConfig
from trainers.retraining.gate.paired import Pair, pairs, said
from trainers.retraining.gate.scored import Scored
from trainers.retraining.gate.statistics import (
    holm,
    p_value,
    samples_needed,
    sure_distance,
    upper_bound,
)
from trainers.retraining.gate.verdict import Check

Masks = Mapping[str, NDArray[np.bool_]]
"""Name of a slice -> bool [Q], the queries that belong to it."""


@dataclass(frozen=True)
class _Part:
    """A slice: its name, its queries and how many users asked them."""

    name: str
    rows: NDArray[np.intp]
    users: int


def slice_checks(
    challenger: Scored, champion: Scored, masks: Masks, config: GateConfig, seed: int
) -> Iterator[Check]:
    """Each metric in each slice; slices of few users are reported and do not decide.

    A slice fails where the challenger is below its margin and surely worse. The burden of proof is
    the other way round than over all users: a slice is too small to prove that nothing is lost,
    and of many slices one always looks bad. Holm keeps the chance that any slice stops a challenger
    that is nowhere worse at `1 - slice_confidence`.
    """
    parts = [_part(name, mask, challenger) for name, mask in masks.items()]
    large = [part for part in parts if part.users >= config.min_slice_users]
    found = list(_measured(challenger, champion, large, config, seed))
    p_values = np.array([p_value(pair.drawn) for _, pair in found])
    levels = holm(p_values, 1 - config.slice_confidence)
    for (part, pair), level in zip(found, levels, strict=True):
        yield _decided(part, pair, config.slice_margin * pair.other, float(level))
    for part in parts:
        if part.users < config.min_slice_users:
            yield from _reported(challenger, champion, part, config)


def _part(name: str, mask: NDArray[np.bool_], challenger: Scored) -> _Part:
    rows = np.flatnonzero(mask)
    return _Part(name, rows, len(np.unique(challenger.users[rows])))


def _measured(
    challenger: Scored, champion: Scored, parts: list[_Part], config: GateConfig, seed: int
) -> Iterator[tuple[_Part, Pair]]:
    tests = len(parts) * len(config.metrics)
    for part in parts:
        samples = samples_needed(config.bootstrap_samples, (1 - config.slice_confidence) / tests)
        for pair in pairs(challenger, champion, config.metrics, samples, seed, part.rows):
            yield part, pair


def _decided(part: _Part, pair: Pair, margin: float, level: float) -> Check:
    bound = upper_bound(pair.drawn, level)
    below = pair.drawn.mean < -margin
    passed = not (below and bound < 0)
    text = (
        f"{pair.metric} in {part.name} ({part.users:,} users): challenger {pair.challenger:.4f}, "
        f"champion {pair.other:.4f}, difference {pair.drawn.mean:+.4f}, upper bound {bound:+.4f}, "
        f"allowed {-margin:+.4f}: {said(passed)}"
    )
    if below and passed:
        text += (
            "; it is below what is allowed, but so few users do not prove a loss; they would show "
            f"one of {sure_distance(pair.drawn, level):.4f} 19 times of 20"
        )
    return Check(_check_name(part, pair.metric), passed, pair.drawn.mean, -margin, text)


def _reported(
    challenger: Scored, champion: Scored, part: _Part, config: GateConfig
) -> Iterator[Check]:
    """What is known of a slice that does not decide."""
    for metric in config.metrics:
        differences = (challenger.metrics[metric] - champion.metrics[metric])[part.rows]
        mean = float(differences.mean()) if len(differences) else None
        told = "" if mean is None else f", difference {mean:+.4f}"
        text = (
            f"{metric} in {part.name}: {part.users:,} users{told}; fewer than "
            f"{config.min_slice_users:,} do not decide"
        )
        yield Check(_check_name(part, metric), True, mean, None, text, decides=False)


def _check_name(part: _Part, metric: str) -> str:
    return f"slice.{part.name}.{metric}"
