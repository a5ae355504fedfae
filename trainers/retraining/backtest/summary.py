"""What a backtest has shown: each policy, each step, and the worth of freshness.

Legend: Q queries.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfrs_models.evaluation.intervals import Bootstrap, Interval
from trainers.retraining.backtest.run import Backtest
from trainers.retraining.backtest.schedule import Training, age_days
from trainers.retraining.backtest.scores import Scores
from trainers.retraining.backtest.steps import Step
from trainers.retraining.gate.statistics import (
    lower_bound,
    resample,
    samples_needed,
    upper_bound,
)

Values = Mapping[str, NDArray[np.float64]]
_TAIL = 0.025
"""Chance that the truth lies beyond one of the two bounds."""


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
class AgeResult:
    """All models of one age.

    Attributes:
        age_days: when a step begins.
        steps: in which models of this age were scored.
        queries: Q.
        means: over the queries, by metric.
        differences: to a model trained just before the same step, by metric; empty where no such
            model was scored, or no other.
    """

    age_days: float
    steps: int
    queries: int
    means: Mapping[str, float]
    differences: Mapping[str, Interval]


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
        found.config.name, metrics, found.steps, policies, list(_freshness(found, bootstrap))
    )


def _policy(
    found: Backtest,
    name: str,
    plan: Sequence[Training],
    first: Sequence[Training] | None,
    bootstrap: Bootstrap,
) -> PolicyResult:
    scores = _scores(found, plan)
    values = _joined(scores)
    differences: Mapping[str, Interval] = {}
    if first is not None:
        other = _joined(_scores(found, first))
        differences = paired(values, other, _users(scores), bootstrap)
    trainings = dict.fromkeys(training.name for training in plan)
    steps = [
        StepResult(step, training, age_days(training, step), len(one.users), _means(one.metrics))
        for step, training, one in zip(found.steps, plan, scores, strict=True)
    ]
    return PolicyResult(
        name=name,
        queries=sum(one.queries for one in steps),
        means=_means(values),
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


def _joined(scores: Sequence[Scores]) -> Values:
    names = scores[0].metrics
    return {name: np.concatenate([one.metrics[name] for one in scores]) for name in names}


def _users(scores: Sequence[Scores]) -> NDArray[np.int64]:
    """A number for each user, the same in all steps: int64 [Q]."""
    ids = np.concatenate([one.users for one in scores])
    return np.unique(ids.astype(str), return_inverse=True)[1].astype(np.int64)


def _means(values: Values) -> dict[str, float]:
    return {name: float(one.mean()) for name, one in values.items() if len(one)}


def paired(
    values: Values, other: Values, users: NDArray[np.int64], bootstrap: Bootstrap
) -> dict[str, Interval]:
    """Differences `values - other` of the same queries, with 95% bounds.

    Users are resampled with all their queries of all steps, see `gate.statistics.resample`.

    Args:
        values: name -> float64 [Q].
        other: the same names and queries.
        users: int64 [Q], the user of each query.
        bootstrap: how to resample; without samples there are no bounds.
    """
    differences = {name: one - other[name] for name, one in values.items()}
    if not len(users):
        return {}
    if not bootstrap.samples:
        return {name: Interval(mean) for name, mean in _means(differences).items()}
    samples = samples_needed(bootstrap.samples, _TAIL)
    drawn = resample(differences, users, samples, bootstrap.seed)
    return {
        name: Interval(one.mean, lower_bound(one, _TAIL), upper_bound(one, _TAIL))
        for name, one in drawn.items()
    }


def _freshness(found: Backtest, bootstrap: Bootstrap) -> Iterator[AgeResult]:
    """By age, each model once a step however many policies have it."""
    places = range(len(found.steps))
    by_age: dict[float, list[tuple[int, Scores, Scores | None]]] = {}
    for place in places:
        step = found.steps[place]
        trainings = {plan[place].name: plan[place] for plan in found.plans.values()}
        fresh = _freshest(list(trainings.values()), step)
        for training in trainings.values():
            mine = found.scores[training.name, step.number]
            other = None
            if fresh is not None and fresh is not training:
                other = found.scores[fresh.name, step.number]
            by_age.setdefault(age_days(training, step), []).append((step.number, mine, other))
    for age in sorted(by_age):
        yield _age(age, by_age[age], bootstrap)


def _freshest(trainings: Sequence[Training], step: Step) -> Training | None:
    """A model trained just before the step, one from the beginning if there is one."""
    new = [training for training in trainings if training.step == step]
    return min(new, key=lambda training: training.kind != "full", default=None)


def _age(
    age: float, met: Sequence[tuple[int, Scores, Scores | None]], bootstrap: Bootstrap
) -> AgeResult:
    values = _joined([mine for _, mine, _ in met])
    pairs = [(mine, other) for _, mine, other in met if other is not None]
    differences: Mapping[str, Interval] = {}
    if pairs:
        mine, others = [one for one, _ in pairs], [other for _, other in pairs]
        differences = paired(_joined(mine), _joined(others), _users(mine), bootstrap)
    return AgeResult(
        age_days=age,
        steps=len({number for number, _, _ in met}),
        queries=sum(len(mine.users) for _, mine, _ in met),
        means=_means(values),
        differences=differences,
    )
