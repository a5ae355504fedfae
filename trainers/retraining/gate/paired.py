"""Metrics of two models on the same queries, compared user by user.

Legend: Q queries, S queries of a slice.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from configs.gate import GateConfig
from trainers.retraining.gate.scored import Scored
from trainers.retraining.gate.statistics import (
    Resampled,
    lower_bound,
    resample,
    samples_needed,
    sure_distance,
    upper_bound,
    users_needed,
)
from trainers.retraining.gate.verdict import Check

BY_USERS = (0.01, 0.1)
"""Smallest and largest margin that goes by the number of users, in the champion's mean."""


@dataclass(frozen=True)
class Pair:
    """One metric of two models.

    Attributes:
        metric: its name.
        challenger, other: the means.
        drawn: the mean difference and its resamples.
    """

    metric: str
    challenger: float
    other: float
    drawn: Resampled


def pairs(
    challenger: Scored,
    other: Scored,
    metrics: Iterable[str],
    samples: int,
    seed: int,
    rows: NDArray[np.intp] | slice = slice(None),
) -> Iterator[Pair]:
    """Each metric of two models, on all queries or on the chosen ones.

    Args:
        challenger: the one to be published.
        other: what it is compared with, on the same queries.
        metrics: their names.
        samples: resamples of the users.
        seed: of the resamples.
        rows: intp [S], at least one.
    """
    values = {name: (challenger.metrics[name][rows], other.metrics[name][rows]) for name in metrics}
    differences = {name: ours - theirs for name, (ours, theirs) in values.items()}
    drawn = resample(differences, challenger.users[rows], samples, seed)
    for name, (ours, theirs) in values.items():
        yield Pair(name, float(ours.mean()), float(theirs.mean()), drawn[name])


def floors(challenger: Scored, config: GateConfig) -> Iterator[Check]:
    """The metrics against their floors, where they have one."""
    for name, rule in config.metrics.items():
        if rule.floor is not None:
            mean = float(challenger.metrics[name].mean())
            passed = mean >= rule.floor
            text = f"{name}: challenger {mean:.4f}, floor {rule.floor:.4f}: {said(passed)}"
            yield Check(f"{name}.floor", passed, mean, rule.floor, text)


def not_worse(
    challenger: Scored, champion: Scored, config: GateConfig, seed: int
) -> Iterator[Check]:
    """Whether the lower bound of each metric's difference is at most its margin below 0.

    With a declared margin that proves that no more than the margin is lost. The margin that goes
    by the number of users proves less, see `allowed_loss`.
    """
    level = 1 - config.confidence
    samples = samples_needed(config.bootstrap_samples, level)
    for pair in pairs(challenger, champion, config.metrics, samples, seed):
        margin = allowed_loss(pair, config, level)
        bound = lower_bound(pair.drawn, level)
        passed = bound >= -margin
        declared = config.metrics[pair.metric].margin is not None
        source = "" if declared else f", which goes by the {pair.drawn.users:,} users"
        text = (
            f"{pair.metric}: challenger {pair.challenger:.4f}, champion {pair.other:.4f}, "
            f"difference {pair.drawn.mean:+.4f}, lower bound {bound:+.4f}, allowed "
            f"{-margin:+.4f}{source}: {said(passed)}; "
            f"{_shown(pair, level) if passed else _why(pair, margin, level)}"
        )
        yield Check(f"{pair.metric}.not_worse", passed, bound, -margin, text)


def allowed_loss(pair: Pair, config: GateConfig, level: float) -> float:
    """How far the lower bound may lie below 0: what is declared, or what goes by the users.

    A margin that the users of the window cannot prove would reject nearly every equal challenger,
    and what is served would only grow older. So where none is declared it is what an equal one
    needs to pass 19 times of 20, `(z(0.95) + z(confidence)) s`: a challenger passes whose mean is
    above `-z(0.95) s`, which is one that is not surely worse, and no proof that it is not. It is
    kept between two shares of the champion's mean.

    Args:
        pair: the metric of both models.
        config: its `metrics` may declare a margin.
        level: of the lower bound.
    """
    declared = config.metrics[pair.metric].margin
    if declared is not None:
        return declared * pair.other
    least, most = (share * pair.other for share in BY_USERS)
    return min(max(sure_distance(pair.drawn, level), least), most)


def better(challenger: Scored, baseline: Scored, config: GateConfig, seed: int) -> Iterator[Check]:
    """Whether each metric is proven to be above the baseline's."""
    level = 1 - config.confidence
    samples = samples_needed(config.bootstrap_samples, level)
    for pair in pairs(challenger, baseline, config.metrics, samples, seed):
        bound = lower_bound(pair.drawn, level)
        text = (
            f"{pair.metric}: challenger {pair.challenger:.4f}, baseline {pair.other:.4f}, "
            f"difference {pair.drawn.mean:+.4f}, lower bound {bound:+.4f}, which must be above 0: "
            f"{said(bound > 0)}"
        )
        yield Check(f"{pair.metric}.better_than_baseline", bound > 0, bound, 0.0, text)


def said(passed: bool) -> str:
    """The outcome in a word."""
    return "passed" if passed else "failed"


def _shown(pair: Pair, level: float) -> str:
    """What the users have shown of a challenger that passes."""
    if upper_bound(pair.drawn, level) < 0:
        return "surely worse than the champion, but within the margin"
    if lower_bound(pair.drawn, level) < 0:
        return "not surely worse than the champion, nor surely as good"
    return "surely as good as the champion"


def _why(pair: Pair, margin: float, level: float) -> str:
    if upper_bound(pair.drawn, level) < 0:
        return "surely worse than the champion"
    if pair.drawn.mean < -margin:
        return "the difference itself is below what is allowed"
    if margin <= 0:
        return "without a margin only a better challenger can be proven"
    needed = users_needed(pair.drawn, level, margin)
    if needed <= pair.drawn.users:
        return "with so many users an equal challenger fails one time in 20"
    return (
        f"{pair.drawn.users:,} users do not prove it, an equal challenger needs about {needed:,} "
        "to pass 19 times of 20"
    )
