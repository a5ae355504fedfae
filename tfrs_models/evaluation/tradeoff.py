"""The curve of relevance against diversity: what each setting of a method costs and gives."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from configs.reranking import RerankingConfig
from tfrs_models.data.dataset import PreparedDataset
from tfrs_models.evaluation.miscalibration import miscalibration
from tfrs_models.evaluation.queries import Queries
from tfrs_models.evaluation.reranked import as_served, dataset_catalogue, rerank_lists
from tfrs_models.features.spec import FeatureSpec
from tfrs_models.metrics.catalogue import coverage, exposure, gini
from tfrs_models.metrics.diversity import Vectors, diversity, unit_rows
from tfrs_models.metrics.hits import find_hits
from tfrs_models.metrics.ranks import ndcg
from tfrs_models.reranking.catalogue import Catalogue
from tfrs_models.reranking.chain import open_chain
from tfrs_models.reranking.needs import together

GRID = (1.0, 0.98, 0.95, 0.9, 0.8, 0.7, 0.5, 0.2)
"""Values of `relevance`, from the order as it is to hardly any of it."""


@dataclass(frozen=True)
class Ranked:
    """The candidates of Q queries.

    Attributes:
        lists: int32 [Q, K], item rows; 0 is no item.
        scores: [Q, K], of any scale.
        queries: the queries.
    """

    lists: NDArray[np.int32]
    scores: NDArray[np.floating]
    queries: Queries


@dataclass(frozen=True)
class Point:
    """One setting of one method, measured.

    Attributes:
        method: `mmr`, `dpp` or `calibrated`.
        relevance: the setting.
        k: length of the lists.
        ndcg: mean NDCG@k.
        diversity: mean intra-list diversity; None where no list has a pair.
        coverage: share of the catalogue in any list.
        gini: inequality of exposure.
        miscalibration: mean divergence from the histories; None without a column.
    """

    method: str
    relevance: float
    k: int
    ndcg: float
    diversity: float | None
    coverage: float
    gini: float
    miscalibration: float | None


def tradeoff(
    ranked: Ranked,
    dataset: PreparedDataset,
    spec: FeatureSpec,
    embeddings: NDArray[np.float32],
    vectors: Vectors,
    k: int = 20,
    column: str | None = None,
    grid: Sequence[float] = GRID,
) -> list[Point]:
    """Re-rank the same candidates with every method at every setting, and measure the lists.

    Args:
        ranked: the candidates, as many as the server retrieves.
        dataset: the prepared dataset.
        spec: its fitted features.
        embeddings: float32 [num_items, D + 1], by which `mmr` and `dpp` compare items.
        vectors: [num_items, D], dense or sparse, for the measured diversity; other ones than the
            embeddings say whether the lists differ in more than what the method looks at.
        k: length of the lists.
        column: a categorical column of the items for `calibrated`, which is left out without one.
        grid: values of `relevance`.

    Returns:
        A point for each method and value, in this order; `dataclasses.asdict` makes rows of them.

    Raises:
        ConfigError: the items have no such column.
        DataError: a score is not finite.
    """
    configs = list(_configs(grid, column))
    needs = together(open_chain(config).needs for _, _, config in configs)
    catalogue = dataset_catalogue(dataset, spec, needs, embeddings)
    measured = _Measured(ranked.queries, dataset.num_items, unit_rows(vectors), catalogue, column)
    served = replace(ranked, queries=as_served(ranked.queries, dataset, spec))
    return [
        _point(method, relevance, _reranked(served, catalogue, config, k), measured)
        for method, relevance, config in configs
    ]


def _configs(
    grid: Sequence[float], column: str | None
) -> Iterator[tuple[str, float, RerankingConfig]]:
    """Method, value of `relevance` and the chain."""
    methods: dict[str, dict[str, str]] = {"mmr": {}, "dpp": {}}
    methods |= {"calibrated": {"column": column}} if column else {}
    for method, settings in methods.items():
        for value in grid:
            step = {"type": method, "options": {"relevance": value, **settings}}
            yield method, value, RerankingConfig.model_validate({"steps": [step]})


def _reranked(
    ranked: Ranked, catalogue: Catalogue, config: RerankingConfig, k: int
) -> NDArray[np.int32]:
    chain = open_chain(config)
    return rerank_lists(chain, catalogue, ranked.lists, ranked.scores, ranked.queries, k)


@dataclass(frozen=True)
class _Measured:
    """What lists are measured with."""

    queries: Queries
    num_items: int
    units: Any
    catalogue: Catalogue
    column: str | None


def _point(method: str, relevance: float, lists: NDArray[np.int32], measured: _Measured) -> Point:
    queries, k = measured.queries, lists.shape[1]
    exposed = exposure(lists, measured.num_items)
    return Point(
        method=method,
        relevance=relevance,
        k=k,
        ndcg=float(ndcg(find_hits(lists, queries.targets), k).mean()),
        diversity=_mean(diversity(lists, measured.units)),
        coverage=coverage(exposed),
        gini=gini(exposed),
        miscalibration=_miscalibration(lists, measured),
    )


def _miscalibration(lists: NDArray[np.int32], measured: _Measured) -> float | None:
    if measured.column is None:
        return None
    column = measured.catalogue.columns[measured.column]
    return _mean(miscalibration(lists, measured.queries.history, column))


def _mean(values: NDArray[np.float64]) -> float | None:
    """Mean of the defined values; None without any."""
    defined = values[np.isfinite(values)]
    return float(defined.mean()) if len(defined) else None
