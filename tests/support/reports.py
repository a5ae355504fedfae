"""Measurements made by hand, for reports."""

from collections.abc import Mapping, Sequence

import numpy as np

from tfrs_models.evaluation.intervals import Bootstrap, Interval
from tfrs_models.evaluation.report import SliceResult, SystemResult
from tfrs_models.evaluation.tasks import TaskResult
from tfrs_models.evaluation.tradeoff import Point
from tfrs_models.metrics.reliability import Reliability
from trainers.evaluation import Measured
from trainers.ranking.evaluation import CandidatesResult
from trainers.report.about import About

METRICS = [f"{name}@20" for name in ("recall", "ndcg", "mrr", "hit_rate", "map", "precision")]


def interval(mean: float, bounds: bool = True) -> Interval:
    return Interval(mean, mean - 0.01, mean + 0.02) if bounds else Interval(mean)


def system(name: str, group: str, mean: float, bounds: bool = True) -> SystemResult:
    """A system whose metrics are all the same, asked by 3 users."""
    found = {metric: interval(mean, bounds) for metric in METRICS}
    some = {name: found[name] for name in ("recall@20", "ndcg@20")}
    return SystemResult(
        name=name,
        group=group,
        values={metric: np.full(3, mean) for metric in METRICS},
        intervals=found,
        beyond={"coverage@20": 0.4321, "gini@20": 0.8765, "diversity@20": 0.5432},
        slices={"new_users": SliceResult(2, found), "history_0": SliceResult(0, {})},
        bootstrap=Bootstrap(100 if bounds else 0, 0),
        seconds=1.25,
        cold_start={"new_items": SliceResult(0, {}), "history_3": SliceResult(1_234, some)},
    )


def retrieval_only(name: str = "two_tower", bounds: bool = True) -> Measured:
    """A run without a ranker, with two baselines."""
    systems = [
        system("most_popular", "baselines", 0.1111, bounds),
        system("ease", "baselines", 0.1313, bounds),
        system(name, "retrieval", 0.1717, bounds),
    ]
    return Measured(systems, [], [], [])


def both_stages(task: str = "click", bounds: bool = True) -> Measured:
    """A run with a ranker."""
    systems = [
        *retrieval_only(bounds=bounds).results,
        system("two_stage", "two_stage", 0.2222, bounds),
        system("perfect_ranker", "two_stage", 0.6666, bounds),
    ]
    binary = TaskResult(task, {"examples": 1_500.0, "auc": 0.7171}, _diagram(), _diagram())
    tasks = [binary, TaskResult("rating", {"examples": 900.0, "rmse": 0.9191})]
    return Measured(systems, tasks, _candidates(bounds), _curve())


def flat(pairs: Mapping[str, float], bounds: bool = True) -> dict[str, float]:
    """Flat differences of all compared metrics, by `SYSTEM-SYSTEM`."""
    found = {}
    for pair, mean in pairs.items():
        for metric in METRICS:
            key = f"differences.{pair}.{metric}"
            found |= {key: mean}
            found |= {f"{key}.low": mean - 0.01, f"{key}.high": mean + 0.01} if bounds else {}
    return found


def about(name: str = "shop", curve: Sequence[Mapping[str, float]] = ()) -> About:
    """A run; `curve` is that of the retrieval."""
    record = {"seconds": 12.5, "epochs": 7, "best_epoch": 4, "examples_per_second": 98_765.4}
    return About(
        name=name,
        facts={"data": "2020-01-01 to 2020-02-03", "events": "48,958", "seed": "42"},
        candidates=200,
        metrics={"retrieval": "recall@20", "ranking": "ndcg@10"},
        records={"prepare": {"seconds": 1.5}, "retrieval": {**record, "curve": list(curve)}},
    )


def _diagram() -> Reliability:
    half = np.array([0.1, 0.6])
    return Reliability(half, half, np.array([7.0, 8.0]), half - 0.05, half + 0.05)


def _candidates(bounds: bool) -> list[CandidatesResult]:
    return [
        CandidatesResult(50, 0.3131, interval(0.21, bounds), interval(-0.0414, bounds), 1.75, 3.5),
        CandidatesResult(200, 0.5151, interval(0.25, bounds), interval(0.0, bounds), 2.25, 4.5),
    ]


def _curve() -> list[Point]:
    settings = [(method, weight) for method in ("mmr", "dpp") for weight in (1.0, 0.5)]
    return [
        Point(method, weight, 20, 0.2 + 0.02 * weight, 0.5 - 0.1 * weight, 0.3535, 0.8282, None)
        for method, weight in settings
    ]
