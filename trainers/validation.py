"""The one number that decides when a training stops."""

import difflib

import numpy as np
from numpy.typing import NDArray

from configs.errors import ConfigError
from configs.features import Stage
from configs.run import RunConfig
from tfrs_models.evaluation.queries import Queries
from tfrs_models.metrics.accuracy import METRICS, accuracy


def check_metrics(config: RunConfig) -> None:
    """Check both settings before any work is done.

    Raises:
        ConfigError: see `parse_metric`.
    """
    parse_metric("retrieval", config.retrieval.validation_metric)
    parse_metric("ranking", config.ranking.validation_metric)


def parse_metric(stage: Stage, text: str) -> tuple[str, int]:
    """`recall@20` -> ("recall", 20); the stage is named in errors.

    Raises:
        ConfigError: no such metric, or no positive k.
    """
    name, _, k = text.partition("@")
    if name not in METRICS:
        near = difflib.get_close_matches(name, METRICS, n=1)
        hint = f" Did you mean `{near[0]}@{k or 20}`?" if near else ""
        raise ConfigError(
            f"`{stage}.validation_metric` must be one of {', '.join(METRICS)} with `@k`, received "
            f"`{text}`.{hint}"
        )
    if not k.isdecimal() or int(k) == 0:
        raise ConfigError(
            f"`{stage}.validation_metric` must end in `@k` with k at least 1, received `{text}`: "
            f"for example `{name}@20`"
        )
    return name, int(k)


def mean_metric(lists: NDArray[np.int32], queries: Queries, name: str, k: int) -> float:
    """Mean over the queries of one metric.

    Args:
        lists: int32 [Q, K], item rows, best first.
        queries: Q queries with their targets, at least one.
        name: the metric.
        k: length of the lists.
    """
    return float(accuracy(lists, queries.targets, [k])[f"{name}@{k}"].mean())
