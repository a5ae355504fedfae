"""The worth of freshness: what models of each age reach.

Legend: Q queries.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tfrs_models.evaluation.intervals import Bootstrap, Interval
from trainers.retraining.backtest.paired import joined, means, paired
from trainers.retraining.backtest.run import Backtest
from trainers.retraining.backtest.schedule import Training, age_days
from trainers.retraining.backtest.scores import Scores
from trainers.retraining.backtest.steps import Step

Met = tuple[int, Scores, Scores | None]
"""Number of a step, the scores of a model in it, and those of a new model; None without one."""


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


def freshness(found: Backtest, bootstrap: Bootstrap) -> Iterator[AgeResult]:
    """By age, each model once a step however many policies have it."""
    by_age: dict[float, list[Met]] = {}
    for place, step in enumerate(found.steps):
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


def _age(age: float, met: Sequence[Met], bootstrap: Bootstrap) -> AgeResult:
    values = joined([mine for _, mine, _ in met])
    pairs = [(mine, other) for _, mine, other in met if other is not None]
    differences: Mapping[str, Interval] = {}
    if pairs:
        mine, others = [one for one, _ in pairs], [other for _, other in pairs]
        differences = paired(mine, others, bootstrap)
    return AgeResult(
        age_days=age,
        steps=len({number for number, _, _ in met}),
        queries=sum(len(mine.users) for _, mine, _ in met),
        means=means(values),
        differences=differences,
    )
