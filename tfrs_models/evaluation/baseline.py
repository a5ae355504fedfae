"""How a baseline is found, configured and fitted.

A baseline is a module of `tfrs_models.evaluation.baselines` with `class Options(Section)` and
`fit(options, dataset, queries, seed) -> Scorer`. It learns from the positive training events alone;
the scorer may read the histories of the queries, never their targets.
"""

import numpy as np
from numpy.typing import NDArray

from configs import plugins
from configs.errors import ConfigError
from configs.evaluation import EvaluationConfig
from tfrs_models.data.dataset import PreparedDataset
from tfrs_models.evaluation.queries import Queries
from tfrs_models.evaluation.top_k import Scorer, top_k_lists


class NotApplicableError(ConfigError):
    """A baseline is not made for data of this size: the runner leaves it out and says so."""


def fit_baseline(
    name: str, config: EvaluationConfig, dataset: PreparedDataset, queries: Queries, seed: int
) -> Scorer:
    """Fit the baseline of that name with its settings in `config.baseline_options`."""
    module = plugins.load("baseline", name)
    options = plugins.parse_options("baseline", name, config.baseline_options.get(name, {}))
    scorer: Scorer = module.fit(options, dataset, queries, seed)
    return scorer


def baseline_lists(
    name: str,
    config: EvaluationConfig,
    dataset: PreparedDataset,
    queries: Queries,
    k: int,
    seed: int,
) -> NDArray[np.int32]:
    """Fit a baseline and take its k best items of every query; see `scored_lists`."""
    scorer = fit_baseline(name, config, dataset, queries, seed)
    return scored_lists(name, scorer, config, dataset, k, queries)


def scored_lists(
    name: str,
    scorer: Scorer,
    config: EvaluationConfig,
    dataset: PreparedDataset,
    k: int,
    queries: Queries,
) -> NDArray[np.int32]:
    """The k best items of every query by a fitted baseline, best first: int32 [Q, k], item rows.

    Args:
        name: of the baseline, for errors.
        scorer: what `fit_baseline` gave.
        config: says how much memory it takes, and whether what a user took before stays out.
        dataset: holds the items.
        k: length of the lists.
        queries: those that the scorer was fitted for, or the first of them.
    """
    return top_k_lists(
        scorer,
        queries,
        dataset.num_items,
        k,
        config.memory_limit_mib,
        config.exclude_seen,
        name,
    )
