"""Retrieve, then rank: what both stages together answer.

Legend: Q requests, K candidates, T tasks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from configs.formula import SCORE
from tfrs_models.backend import tf
from tfrs_models.evaluation.queries import Queries
from tfrs_models.models.ranker import Ranker
from tfrs_models.models.two_tower import TwoTower
from trainers.ranking.requests import Requests, requests_for
from trainers.ranking.scoring import list_logits, reorder
from trainers.ranking.windows import Window


@dataclass(frozen=True)
class RankedLists:
    """Retrieved lists with what the ranker says of them.

    Attributes:
        requests: the requests, in the retrieved order.
        logits: float32 [Q, K] by task.
        outputs: calibrated outputs by task and the final score, float32 [Q, K].
    """

    requests: Requests
    logits: Mapping[str, NDArray[np.float32]]
    outputs: Mapping[str, NDArray[np.float32]]

    @property
    def lists(self) -> NDArray[np.int32]:
        """Item rows by falling score: int32 [Q, K]; 0 in empty places, which come last."""
        return reorder(self.requests.lists, self.outputs[SCORE])


def ranked(ranker: Ranker, two_tower: TwoTower, window: Window, queries: Queries) -> RankedLists:
    """Retrieve and rank for some queries of a window."""
    k = window.material.config.ranking.candidates
    requests = requests_for(two_tower, window, queries, k, extra=False)
    return score(ranker, window, requests)


def score(ranker: Ranker, window: Window, requests: Requests) -> RankedLists:
    """Rank what was retrieved."""
    logits = list_logits(ranker.model, window, requests, ranker.encoder)()
    tensors: dict[str, Any] = {name: tf.constant(one) for name, one in logits.items()}
    outputs = {name: one.numpy() for name, one in ranker.outputs(tensors).items()}
    return RankedLists(requests, logits, outputs)
