"""The worth of freshness: what models of each age reach.

Legend: Q queries.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tfrs_models.evaluation.intervals import Bootstrap, Interval
from trainers.retraining.backtest.paired import joined, means, paired
from trainers.retraining.backtest.run import Backtest
from trainers.retraining.backtest.schedule import Training, age_days
from trainers.retraining.backtest.steps import Step


@dataclass(frozen=True)
class AgeResult:
    """All models of one age.

    Attributes:
        age_days: when a step begins.
        steps: in which models of this age were scored.
        queries: Q.
        means: over the queries, by metric.
        differences: to a model trained just before the same step, by metric; empty where no such
            model was scored, and at age 0.
        compared: which kinds of trainings the differences are between, such as `full with warm`.
    """

    age_days: float
    steps: int
    queries: int
    means: Mapping[str, float]
    differences: Mapping[str, Interval]
    compared: Sequence[str]


@dataclass(frozen=True)
class _Met:
    """A model in a step, beside a new one.

    Attributes:
        step: its number.
        training: of the model.
        fresh: of the new one; None without one, or where the model itself is new.
    """

    step: int
    training: Training
    fresh: Training | None


def freshness(found: Backtest, bootstrap: Bootstrap) -> Iterator[AgeResult]:
    """By age, each model once a step however many policies have it."""
    by_age: dict[float, list[_Met]] = {}
    for place, step in enumerate(found.steps):
        trainings = {plan[place].name: plan[place] for plan in found.plans.values()}
        for training in trainings.values():
            met = _Met(step.number, training, _fresh(training, step, trainings.values()))
            by_age.setdefault(age_days(training, step), []).append(met)
    for age in sorted(by_age):
        yield _age(age, by_age[age], found, bootstrap)


def _fresh(training: Training, step: Step, trainings: Iterable[Training]) -> Training | None:
    """What was trained just before the step, in the same way if there is one.

    A training from the beginning may be better or worse than one that goes on, whatever its age.
    """
    if training.step == step:
        return None
    new = [one for one in trainings if one.step == step]
    return min(new, key=lambda one: one.kind != training.kind, default=None)


def _age(age: float, met: Sequence[_Met], found: Backtest, bootstrap: Bootstrap) -> AgeResult:
    scores = [found.scores[one.training.name, one.step] for one in met]
    pairs = [(one.step, one.training, one.fresh) for one in met if one.fresh is not None]
    mine = [found.scores[training.name, step] for step, training, _ in pairs]
    others = [found.scores[fresh.name, step] for step, _, fresh in pairs]
    return AgeResult(
        age_days=age,
        steps=len({one.step for one in met}),
        queries=sum(len(one.users) for one in scores),
        means=means(joined(scores)),
        differences=paired(mine, others, bootstrap) if pairs else {},
        compared=sorted({f"{training.kind} with {fresh.kind}" for _, training, fresh in pairs}),
    )
