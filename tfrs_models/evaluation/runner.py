"""Fit, rank and measure every baseline."""

import logging
import time

from configs.evaluation import EvaluationConfig
from tfrs_models.data.dataset import PreparedDataset
from tfrs_models.evaluation.baseline import NotApplicableError, fit_baseline
from tfrs_models.evaluation.content import content_vectors
from tfrs_models.evaluation.metrics_file import BASELINES
from tfrs_models.evaluation.queries import Queries
from tfrs_models.evaluation.report import SystemResult, evaluate_lists
from tfrs_models.evaluation.top_k import top_k_lists

_log = logging.getLogger(__name__)


def evaluate_baselines(
    dataset: PreparedDataset, queries: Queries, config: EvaluationConfig, seed: int
) -> list[SystemResult]:
    """Results of `config.baselines`, in that order; one that refuses the data is logged.

    The diversity compares the words of the items (`content_vectors`).
    """
    vectors = content_vectors(dataset)
    results = []
    for name in config.baselines:
        started = time.perf_counter()
        try:
            scorer = fit_baseline(name, config, dataset, queries, seed)
        except NotApplicableError as error:
            _log.warning("Baseline left out: %s", error)
            continue
        lists = top_k_lists(
            scorer,
            queries,
            dataset.num_items,
            max(config.ks),
            config.memory_limit_mib,
            config.exclude_seen,
            name,
        )
        seconds = time.perf_counter() - started
        results.append(
            evaluate_lists(name, BASELINES, lists, queries, dataset, config, seed, vectors, seconds)
        )
        _log.info("%s: fitted and ranked in %.1f s", name, seconds)
    return results
