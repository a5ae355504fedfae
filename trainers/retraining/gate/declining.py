"""Whether small losses, each of which was within its margin, have added up.

A challenger is compared with an earlier version too, on the same queries of the same window. The
sum of what each publication has lost in its own window would say less: its error grows with each
of them, and versions that had luck in their window are the ones that were published.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from configs.gate import GateConfig
from trainers.retraining.gate.paired import Pair, pairs, said
from trainers.retraining.gate.scored import Scored
from trainers.retraining.gate.statistics import samples_needed, upper_bound
from trainers.retraining.gate.verdict import Check

LEVEL = 0.01
"""Chance that a metric stops a challenger that has lost just what is allowed."""


@dataclass(frozen=True)
class Earlier:
    """A version from which the champion has come, publication by publication.

    Attributes:
        version: its number.
        since: publications after it, up to the champion.
        scored: on the window of now.
    """

    version: int
    since: int
    scored: Scored


def declining(
    challenger: Scored, earlier: Earlier | None, config: GateConfig, seed: int
) -> Iterator[Check]:
    """Whether each metric is surely further below that of an earlier version than it may be.

    The burden of proof is as for slices: every night there is another look, and a challenger that
    is equal must not be stopped by one of them.

    Args:
        challenger: the one to be published.
        earlier: on the same queries; None where there is none, and nothing is looked at.
        config: `max_decline`.
        seed: of the resamples.
    """
    if earlier is None or config.max_decline is None:
        return
    samples = samples_needed(config.bootstrap_samples, LEVEL)
    for pair in pairs(challenger, earlier.scored, config.metrics, samples, seed):
        yield _compared(pair, earlier, -config.max_decline * pair.other)


def _compared(pair: Pair, earlier: Earlier, allowed: float) -> Check:
    bound = upper_bound(pair.drawn, LEVEL)
    passed = bound >= allowed
    text = (
        f"{pair.metric}: challenger {pair.challenger:.4f}, version {earlier.version} "
        f"{pair.other:.4f}, difference {pair.drawn.mean:+.4f}, upper bound {bound:+.4f}, allowed "
        f"{allowed:+.4f}: {said(passed)}"
    )
    if not passed:
        text += (
            f"; publications since: {earlier.since}, each within its margin, and with this one "
            "their losses add up: train from the beginning (`--full`), or roll back to version "
            f"{earlier.version}"
        )
    elif pair.drawn.mean < allowed:
        text += "; it is below what is allowed, but not surely"
    return Check(f"{pair.metric}.declining", passed, bound, allowed, text)
