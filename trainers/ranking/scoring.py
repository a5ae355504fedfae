"""Logits of retrieved lists, and lists re-ordered by the final score.

Legend: Q requests, K candidates of a list.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfrs_models.backend import tf
from tfrs_models.features.ranking_encoder import RankingEncoder
from tfrs_models.models.wide_deep import WideDeep
from trainers.ranking.batches import Pools
from trainers.ranking.requests import Requests
from trainers.ranking.windows import Window

_PAIRS_A_CALL = 16_384

Logits = dict[str, NDArray[np.float32]]


def list_logits(
    model: WideDeep, window: Window, requests: Requests, encoder: RankingEncoder
) -> Callable[[], Logits]:
    """A function that gives the present logits of the retrieved lists, [Q, K] by task."""
    pools = Pools([window], [requests], encoder)
    places = tf.range(requests.retrieved)

    def logits(owners: Any) -> dict[str, Any]:
        query, candidates = pools.inputs(
            owners, tf.broadcast_to(places, [tf.shape(owners)[0], requests.retrieved])
        )
        found = model.logits(query, candidates)
        return {n: tf.reshape(one, [-1, requests.retrieved]) for n, one in found.items()}

    # One trace for blocks of every size: each function has its own.
    compiled = tf.function(
        logits, input_signature=[tf.TensorSpec([None], tf.int32)], autograph=False
    )
    size = max(1, _PAIRS_A_CALL // requests.retrieved)

    def score() -> Logits:
        blocks = [
            compiled(tf.range(start, min(start + size, len(requests)), dtype=tf.int32))
            for start in range(0, len(requests), size)
        ]
        return {name: np.concatenate([block[name] for block in blocks]) for name in model.tasks}

    return score


def reorder(lists: NDArray[np.int32], scores: NDArray[np.float32]) -> NDArray[np.int32]:
    """Lists by falling score; ties keep their order, and empty places (0) stay at the end."""
    order = np.argsort(np.where(lists > 0, -scores, np.inf), axis=1, kind="stable")
    return np.take_along_axis(lists, order, axis=1)
