"""What a backtest has shown: each policy, each step, and the worth of freshness.

Legend: Q queries.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tfrs_models.evaluation.intervals import Bootstrap, Interval
from trainers.retraining.backtest.freshness import AgeResult, freshness
from trainers.retraining.backtest.paired import joined, means, paired
from trainers.retraining.backtest.run import Backtest
from trainers.retraining.backtest.schedule import Training, age_days
from trainers.retraining.backtest.scores import Scores
from trainers.retraining.backtest.steps import Step


@dataclass(frozen=True)
class StepResult:
    """One policy in one step.

    Attributes:
        step: the step.
        training: of its model.
        age_days: how old the model was at the beginning.
        queries: Q.
        means: by metric; empty without queries.
    """

    step: Step
    training: Training
    age_days: float
    queries: int
    means: Mapping[str, float]


@dataclass(frozen=True)
class PolicyResult:
    """One policy over all steps.

    Attributes:
        name: of the policy.
        queries: Q, of all steps together.
        means: over the queries, by metric.
        differences: to the first policy on the same queries, by metric; empty for itself.
        seconds: of each of its trainings, in order, whether it shares them or not.
        age_days: mean age of its model when a step began.
        steps: one by one.
    """

    name: str
    queries: int
    means: Mapping[str, float]
    differences: Mapping[str, Interval]
    seconds: Sequence[float]
    age_days: float
    steps: Sequence[StepResult]


@dataclass(frozen=True)
class Summary:
    """Everything that the report shows.

    Attributes:
        name: of the configuration.
        metrics: the last stage's first.
        steps: of the backtest.
        policies: in the order given.
        freshness: by age.
    """

    name: str
    metrics: Sequence[str]
    steps: Sequence[Step]
    policies: Sequence[PolicyResult]
    freshness: Sequence[AgeResult]


def summarize(found: Backtest) -> Summary:
    """The summary; equal scores give equal summaries."""
    bootstrap = Bootstrap(found.config.evaluation.bootstrap_samples, found.config.seed)
    first = next(iter(found.plans.values()))
    policies = [
        _policy(found, name, plan, None if plan is first else first, bootstrap)
        for name, plan in found.plans.items()
    ]
    names = list(next(iter(found.scores.values())).metrics)
    stages = dict.fromkeys(name.partition(".")[0] for name in reversed(names))
    metrics = [name for stage in stages for name in names if name.startswith(f"{stage}.")]
    return Summary(
        found.config.name, metrics, found.steps, policies, list(freshness(found, bootstrap))
    )


def _policy(
    found: Backtest,
    name: str,
    plan: Sequence[Training],
    first: Sequence[Training] | None,
    bootstrap: Bootstrap,
) -> PolicyResult:
    scores = _scores(found, plan)
    differences: Mapping[str, Interval] = {}
    if first is not None:
        differences = paired(scores, _scores(found, first), bootstrap)
    trainings = dict.fromkeys(training.name for training in plan)
    steps = [
        StepResult(step, training, age_days(training, step), len(one.users), means(one.metrics))
        for step, training, one in zip(found.steps, plan, scores, strict=True)
    ]
    return PolicyResult(
        name=name,
        queries=sum(one.queries for one in steps),
        means=means(joined(scores)),
        differences=differences,
        seconds=[found.seconds[training] for training in trainings],
        age_days=float(np.mean([one.age_days for one in steps])),
        steps=steps,
    )


def _scores(found: Backtest, plan: Sequence[Training]) -> list[Scores]:
    return [
        found.scores[training.name, step.number]
        for training, step in zip(plan, found.steps, strict=True)
    ]
