"""The steps of a configuration, one after the other."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from configs import plugins
from configs.errors import ConfigError
from configs.reranking import RerankingConfig
from tfrs_models.reranking.candidates import Candidates, check_scores
from tfrs_models.reranking.needs import Needs, together

Step = Callable[[Candidates, int], NDArray[np.int64]]
"""Candidates and the length of the list -> order; see `tfrs_models.reranking.methods`."""


@dataclass(frozen=True)
class Chain:
    """Steps, each of which sees the order that the one before it left.

    Attributes:
        steps: the methods with their settings.
        needs: what they read.
    """

    steps: tuple[Step, ...]
    needs: Needs

    def order(self, candidates: Candidates, k: int) -> NDArray[np.int64]:
        """The list: int64 [at most k], distinct indices into the candidates, best first.

        It is shorter than k where there are fewer candidates, or where a step left some out.

        Raises:
            ConfigError: `k` is below 1.
            DataError: scores that are not finite or not best first.
        """
        if k < 1:
            raise ConfigError(f"`k` must be at least 1, got {k}.")
        check_scores(candidates.scores)
        order = np.arange(len(candidates))
        for step in self.steps:
            if not len(candidates):
                break
            chosen = step(candidates, k)
            candidates, order = candidates.reordered(chosen), order[chosen]
        return order[:k]


def open_chain(config: RerankingConfig) -> Chain:
    """The chain of a configuration.

    Raises:
        ConfigError: a plug-in that cannot be imported.
    """
    steps, needs = [], []
    for chosen in config.steps:
        module = plugins.load(chosen.kind, chosen.type)
        options = plugins.parse_options(chosen.kind, chosen.type, chosen.options)
        steps.append(partial(module.rerank, options))
        needs.append(module.needs(options))
    return Chain(tuple(steps), together(needs))
