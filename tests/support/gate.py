"""Models that were scored on one window, made by hand or drawn from a seed."""

import numpy as np

from configs.gate import GateConfig, MetricRule
from trainers.retraining.gate.scored import Facts, Scored

RECALL = "recall@20"
GOOD = Facts(index_recall=0.99, p99_ms=10.0, bytes=1000, coverage=0.5, popularity_share=0.2)

_TARGETS = 5
_REDRAWN = 0.18


def config(margin=0.04, floor=None, **changes):
    """Rules of one metric, without slices, at few resamples."""
    rules = {RECALL: MetricRule(margin=margin, floor=floor)}
    defaults = {"metrics": rules, "slices": (), "bootstrap_samples": 199}
    return GateConfig.model_validate(defaults | changes)


def scored(values, users=None, facts=GOOD):
    """A model with one metric; every query is of its own user unless told."""
    values = np.asarray(values, np.float64)
    return Scored(
        np.arange(len(values)) if users is None else np.asarray(users), {RECALL: values}, facts
    )


def two_models(users, seed, loss=0.0):
    """Champion and challenger: recall of 5 targets a user.

    Both find the same ones, but for 18% that each draws anew. The mean is 0.3, the standard
    deviation of the paired difference 0.45 of it. Between two seeds of the demo's retrieval model
    it is 0.46 to 0.53 of recall@20 and 0.40 to 0.43 of ndcg@20; between that model and one trained
    on for some epochs with a week more, 0.41 to 0.51.

    Args:
        users: how many.
        seed: of the draws.
        loss: share of the challenger's hits that is lost: one number, or float [users].
    """
    random = np.random.default_rng(seed)
    chance = random.beta(0.7, 1.6, (users, 1))
    shared = random.random((users, _TARGETS)) < chance
    champion, challenger = (_redrawn(random, shared, chance) for _ in range(2))
    challenger &= random.random(shared.shape) >= np.reshape(loss, (-1, 1))
    return scored(champion.mean(axis=1)), scored(challenger.mean(axis=1))


def models(users, seed, losses):
    """Models of one window that are drawn as `two_models` draws them.

    Args:
        users: how many.
        seed: of the draws.
        losses: of each model, the share of its hits that is lost.
    """
    random = np.random.default_rng(seed)
    chance = random.beta(0.7, 1.6, (users, 1))
    shared = random.random((users, _TARGETS)) < chance
    hits = [_redrawn(random, shared, chance) for _ in losses]
    left = [random.random(shared.shape) >= loss for loss in losses]
    return [scored((hit & kept).mean(axis=1)) for hit, kept in zip(hits, left, strict=True)]


def _redrawn(random, shared, chance):
    again = random.random(shared.shape) < _REDRAWN
    return np.where(again, random.random(shared.shape) < chance, shared)
