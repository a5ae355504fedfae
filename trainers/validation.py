"""The one number that decides when a training stops."""

import difflib

import numpy as np
from numpy.typing import NDArray

from configs.errors import ConfigError
from tfrs_models.evaluation.queries import Queries
from tfrs_models.metrics.accuracy import METRICS, accuracy


def parse_metric(text: str) -> tuple[str, int]:
    """`recall@20` -> ("recall", 20).

    Raises:
        ConfigError: no such metric, or no positive k.
    """
    name, _, k = text.partition("@")
    if name not in METRICS:
        near = difflib.get_close_matches(name, METRICS, n=1)
        hint = f" Did you mean `{near[0]}@{k or 20}`?" if near else ""
        raise ConfigError(
            f"`validation_metric` must be one of {', '.join(METRICS)} with `@k`, received "
            f"`{text}`.{hint}"
        )
    if not k.isdecimal() or int(k) == 0:
        raise ConfigError(
            f"`validation_metric` must end in `@k` with k at least 1, received `{text}`: "
            f"for example `{name}@20`"
        )
    return name, int(k)


def mean_metric(lists: NDArray[np.int32], queries: Queries, name: str, k: int) -> float:
    """Mean over the queries of one metric; 0 without queries.

    Args:
        lists: int32 [Q, K], item rows, best first.
        queries: Q queries with their targets.
        name: the metric.
        k: length of the lists.
    """
    if len(queries) == 0:
        return 0.0
    return float(accuracy(lists, queries.targets, [k])[f"{name}@{k}"].mean())
