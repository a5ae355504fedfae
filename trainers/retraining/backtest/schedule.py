"""Which model a policy has at each step, and how that model was trained."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tfrs_models.data.times import DAY
from trainers.retraining.backtest.policies import Policy
from trainers.retraining.backtest.steps import Step

Kind = Literal["warm", "full"]


@dataclass(frozen=True)
class Training:
    """A training at the beginning of a step, on what came before it.

    Trainings of one name are the same: policies that share one share its model.

    Attributes:
        name: `0003-full`, or `0003-warm-` and eight digits that stand for its parent.
        kind: `warm` or `full`.
        step: before which it is done.
        parent: name of the training that it goes on from; None for a full one.
        full_start: start of the step of the full training that it comes from.
    """

    name: str
    kind: Kind
    step: Step
    parent: str | None
    full_start: int


def full(step: Step) -> Training:
    """From the beginning."""
    return Training(f"{step.number:04}-full", "full", step, None, step.start)


def warm(step: Step, parent: Training) -> Training:
    """From another one on."""
    digits = hashlib.sha256(parent.name.encode()).hexdigest()[:8]
    name = f"{step.number:04}-warm-{digits}"
    return Training(name, "warm", step, parent.name, parent.full_start)


def schedule(policy: Policy, steps: Sequence[Step]) -> list[Training]:
    """The training whose model the policy has at each step; all begin with a full one."""
    current = full(steps[0])
    found = [current]
    for step in steps[1:]:
        current = _at(step, policy, current)
        found.append(current)
    return found


def age_days(training: Training, step: Step) -> float:
    """How old a model is when a step begins."""
    return (step.start - training.step.start) / DAY


def _at(step: Step, policy: Policy, current: Training) -> Training:
    if policy.full is not None and step.start - current.full_start >= policy.full:
        return full(step)
    if policy.warm is not None and step.start - current.step.start >= policy.warm:
        return warm(step, current)
    return current
