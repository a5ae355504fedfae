"""What a round does to people's lists: measures of each user, and of all lists together."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfrs_models.data.dataset import FIRST_ROW
from tfrs_models.data.simulation.behaviour import focus_weights
from tfrs_models.data.simulation.population import taste
from tfrs_models.metrics.catalogue import coverage, exposure, gini
from tfrs_models.metrics.diversity import diversity
from tfrs_models.reranking.methods import calibrated
from trainers.feedback.experiment import Experiment
from trainers.feedback.panel import ALL, visits
from trainers.feedback.rounds import Round
from trainers.feedback.slots import Lists

HEAD_SHARE, TAIL_SHARE = 0.1, 0.5
"""Of the catalogue: what is called the head, the most popular items, and the tail, the least."""

_SMOOTHING = 0.01
_QUANTILES = (10, 50, 90)

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Measure:
    """One row of the table: a mean over a group's users unless its name says otherwise."""

    policy: str
    round: int
    group: str
    metric: str
    value: float


def measure(
    experiment: Experiment,
    groups: Mapping[str, NDArray[np.bool_]],
    policy: str,
    number: int,
    played: Round,
    first: Round,
) -> Iterator[Measure]:
    """All measures of a round; undefined ones are left out.

    Args:
        experiment: the common ground.
        groups: bool [U] by name, `all` among them.
        policy: its name.
        number: of the round, from 1.
        played: the round.
        first: the policy's first round, which drift is measured from.
    """
    values = of_users(experiment, number, played, first)
    for group, members in groups.items():
        found = {"users": float(members.sum())}
        found |= {name: _mean(value[members]) for name, value in values.items()}
        if group == ALL:
            found |= spread(played.lists, len(experiment.popularity))
            found |= distribution(values["diversity_drift"])
        for name, value in found.items():
            if np.isfinite(value):
                yield Measure(policy, number, group, name, value)


def of_users(experiment: Experiment, number: int, played: Round, first: Round) -> dict[str, Values]:
    """Measures of each user, float64 [U]; NaN where one is undefined."""
    world, users = experiment.world, experiment.panel.users
    head, tail = head_and_tail(experiment.popularity)
    category = world.catalogue.category
    time_us = visits(world, experiment.panel, number).time_us
    wanted = focus_weights(world, taste(world, users, time_us), time_us)
    wanted /= wanted.sum(axis=1, keepdims=True)
    shown = category_shares(played.lists, category, wanted.shape[1])
    favourite = wanted.argmax(axis=1)
    row = np.arange(len(users))
    varied = list_diversity(played.lists, world.catalogue.vector)
    return {
        "clicks": played.clicked.sum(axis=1).astype(np.float64),
        "expected_clicks": played.expected,
        "regret": played.best - played.expected,
        "head_share": share_of(played.lists, head),
        "tail_share": share_of(played.lists, tail),
        "diversity": varied,
        "diversity_drift": varied - list_diversity(first.lists, world.catalogue.vector),
        "top_category_share": shown[row, favourite],
        "top_category_taste": wanted[row, favourite],
        "miscalibration": divergence(wanted, shown),
    }


def head_and_tail(popularity: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Marks of the most popular tenth of all items (rounded up), and of the least popular half.

    Ties go to the lower item.
    """
    size = len(popularity)
    order = np.argsort(-popularity, kind="stable")
    head, tail = np.zeros(size, np.bool_), np.zeros(size, np.bool_)
    head[order[: int(np.ceil(HEAD_SHARE * size))]] = True
    tail[order[size - int(TAIL_SHARE * size) :]] = True
    return head, tail


def share_of(lists: Lists, marked: NDArray[np.bool_]) -> Values:
    """Share of each list that is marked: float64 [U]; NaN for an empty list."""
    filled = lists >= 0
    return _divided((marked[lists] & filled).sum(axis=1), filled.sum(axis=1))


def category_shares(lists: Lists, category: NDArray[np.int32], categories: int) -> Values:
    """Share of each category in each list: float64 [U, C]; NaN for an empty list."""
    row, position = np.nonzero(lists >= 0)
    counts = np.zeros((len(lists), categories))
    np.add.at(counts, (row, category[lists[row, position]]), 1.0)
    return _divided(counts, counts.sum(axis=1, keepdims=True))


def divergence(wanted: Values, shown: Values) -> Values:
    """Divergence of what is shown from what is wanted, in nats: float64 [U].

    Args:
        wanted: float64 [U, C], rows sum to 1.
        shown: float64 [U, C], rows sum to 1.
    """
    return calibrated.divergence(wanted, shown, _SMOOTHING)


def list_diversity(lists: Lists, vectors: NDArray[np.float32]) -> Values:
    """1 - mean cosine over the pairs of a list, by the true item vectors: float64 [U]."""
    reserved = np.zeros((FIRST_ROW, vectors.shape[1]), np.float32)
    return diversity(_rows(lists), np.concatenate([reserved, vectors]))


def spread(lists: Lists, items: int) -> dict[str, float]:
    """Coverage and Gini coefficient of the exposure over all items."""
    exposed = exposure(_rows(lists), items + FIRST_ROW)
    return {"coverage": coverage(exposed), "gini": gini(exposed)}


def distribution(drift: Values) -> dict[str, float]:
    """Quantiles of a drift over the users, and the share of them whose list has narrowed."""
    defined = drift[np.isfinite(drift)]
    if not len(defined):
        return {}
    quantiles = np.percentile(defined, _QUANTILES)
    named = {f"diversity_drift_p{q}": float(v) for q, v in zip(_QUANTILES, quantiles, strict=True)}
    return {**named, "narrowed_share": float(np.mean(defined < 0))}


def _rows(lists: Lists) -> NDArray[np.int32]:
    """Lists as the metrics read them: 0 is no item, and items start at 2."""
    return np.where(lists >= 0, lists + FIRST_ROW, 0).astype(np.int32)


def _divided(part: NDArray[np.number], whole: NDArray[np.number]) -> Values:
    result = np.full(part.shape, np.nan)
    np.divide(part, whole, out=result, where=np.broadcast_to(whole > 0, part.shape))
    return result


def _mean(values: Values) -> float:
    """Mean of the defined values; NaN without any."""
    defined = values[np.isfinite(values)]
    return float(defined.mean()) if len(defined) else float("nan")
