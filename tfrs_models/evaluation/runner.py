"""Fit, rank and measure every baseline."""

import logging
import time
from functools import partial

from configs.evaluation import EvaluationConfig
from tfrs_models.data.dataset import PreparedDataset
from tfrs_models.evaluation.baseline import NotApplicableError, fit_baseline, scored_lists
from tfrs_models.evaluation.cold_start import as_new_users, with_cold_start
from tfrs_models.evaluation.content import content_vectors
from tfrs_models.evaluation.metrics_file import BASELINES
from tfrs_models.evaluation.queries import Queries
from tfrs_models.evaluation.report import SystemResult, evaluate_lists
from tfrs_models.evaluation.top_k import Scorer

_log = logging.getLogger(__name__)


def evaluate_baselines(
    dataset: PreparedDataset, queries: Queries, config: EvaluationConfig, seed: int
) -> list[SystemResult]:
    """Results of `config.baselines`, in that order; one that refuses the data is logged.

    The diversity compares the words of the items (`content_vectors`).
    """
    vectors = content_vectors(dataset)
    new_users = as_new_users(queries, seed)
    results, k = [], max(config.ks)
    for name in config.baselines:
        started = time.perf_counter()
        try:
            # Fitted once, for both kinds of queries: some fits take minutes.
            scorer = fit_baseline(name, config, dataset, queries.then(new_users), seed)
        except NotApplicableError as error:
            _log.warning("Baseline left out: %s", error)
            continue
        lists = scored_lists(name, scorer, config, dataset, k, queries)
        seconds = time.perf_counter() - started
        result = evaluate_lists(
            name, BASELINES, lists, queries, dataset, config, seed, vectors, seconds
        )
        rank = partial(scored_lists, name, _from(scorer, len(queries)), config, dataset, k)
        results.append(with_cold_start(result, rank, new_users))
        _log.info("%s: fitted and ranked in %.1f s", name, seconds)
    return results


def _from(scorer: Scorer, start: int) -> Scorer:
    """A scorer of the queries from `start` on."""
    return lambda block: scorer(block + start)
