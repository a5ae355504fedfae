"""Nights of retraining, judged by the gate's rules on drawn models."""

from dataclasses import dataclass

from support.gate import RECALL, config, models

from trainers.retraining.gate.decide import decide
from trainers.retraining.gate.declining import Earlier


@dataclass(frozen=True)
class Night:
    """What the gate said, and the share of the hits of the first version that is lost after it."""

    published: bool
    declines: bool
    lost: float


def nights(steps, seed, users=400, keep=5, **rules):
    """One night after the other, of which each has a window of its own.

    Args:
        steps: of each night, what its challenger loses beside the champion; None is a model like
            the first one.
        seed: of the draws.
        users: of a window.
        keep: versions that are kept; the oldest is looked back to.
        rules: of the gate, without a declared margin.
    """
    gate = config(margin=None, **rules)
    levels, found = [0.0], []
    for night, step in enumerate(steps):
        own = 0.0 if step is None else 1 - (1 - levels[-1]) * (1 - step)
        drawn = seed * 1000 + night
        oldest, champion, challenger = models(users, drawn, [levels[0], levels[-1], own])
        earlier = Earlier(1, len(levels) - 1, oldest) if len(levels) > 1 else None
        verdict = decide(champion, challenger, None, {}, gate, drawn, earlier)
        declines = f"{RECALL}.declining" in [check.name for check in verdict.broken]
        levels = [*levels, own][-keep:] if verdict.passed else levels
        found.append(Night(verdict.passed, declines, levels[-1]))
    return found
