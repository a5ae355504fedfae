"""Re-rank the lists of many queries as the server would."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from configs.errors import DataError
from tfrs_models.data.dataset import FIRST_ROW, MISSING_ROW, PreparedDataset
from tfrs_models.data.first_event import MISSING_TIME, first_event
from tfrs_models.evaluation.popularity import train_counts
from tfrs_models.evaluation.queries import Queries
from tfrs_models.features.spec import FeatureSpec
from tfrs_models.reranking.catalogue import FIRST_EVENT, POPULARITY, Catalogue, read_catalogue
from tfrs_models.reranking.chain import Chain
from tfrs_models.reranking.needs import Needs

_MICROSECONDS_A_SECOND = 1e6


def dataset_catalogue(
    dataset: PreparedDataset,
    spec: FeatureSpec,
    needs: Needs,
    embeddings: NDArray[np.float32] | None = None,
) -> Catalogue:
    """What the steps read of the items of a dataset.

    Popularity counts training events alone: the bundle counts all, but here the others are the
    future. Columns of the source with the names `popularity` and `first_event` are read instead.

    Args:
        dataset: the prepared dataset.
        spec: its fitted features, which know the separators.
        needs: of `Chain.needs`.
        embeddings: float32 [num_items, D + 1], candidates as the two-tower model embeds them; may
            be left out where no step reads them.

    Raises:
        ConfigError: a step reads a column that the items do not have.
        DataError: a step reads embeddings and there are none, or a column of another type.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if needs.vectors and embeddings is None:
        raise DataError(
            "`embeddings` must be given, received None: a step of `reranking` compares items by "
            "them. Set its `column` to compare them by the values of a column."
        )
    table = pq.read_table(dataset.folder / "items.parquet")
    if POPULARITY not in table.column_names:
        table = table.append_column(POPULARITY, [train_counts(dataset)[FIRST_ROW:]])
    if FIRST_EVENT not in table.column_names:
        seconds = first_event(dataset)[FIRST_ROW:]
        table = table.append_column(FIRST_EVENT, pa.array(seconds, mask=seconds == MISSING_TIME))
    vectors = None if embeddings is None else directions(embeddings[FIRST_ROW:])
    return read_catalogue(table, needs, separators(spec), vectors)


def directions(embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
    """Candidate embeddings [N, D + 1] without the prior, which says how popular an item is."""
    return embeddings[:, :-1]


def separators(spec: FeatureSpec) -> dict[str, str]:
    """Between the values of the item columns that hold several in one text."""
    inputs = spec.raw_inputs
    return {raw.name: raw.separator for raw in inputs if raw.table == "item" and raw.separator}


def as_served(queries: Queries, dataset: PreparedDataset, spec: FeatureSpec) -> Queries:
    """The queries with the histories that a bundle stores: the latest items that a model reads."""
    known = queries.history.where(queries.history.items < dataset.known_items)
    return replace(queries, history=known.latest(np.full(len(queries), spec.history.length)))


def rerank_lists(
    chain: Chain,
    catalogue: Catalogue,
    lists: NDArray[np.int32],
    scores: NDArray[np.floating],
    queries: Queries,
    k: int,
) -> NDArray[np.int32]:
    """The list of each query after all steps, one query at a time.

    Args:
        chain: the steps.
        catalogue: of `dataset_catalogue`.
        lists: int32 [Q, K], item rows in any order; 0 is no item. Give as many as the server
            retrieves: what is not there cannot rise.
        scores: [Q, K], of any scale; those of empty places are not read.
        queries: the queries; their history and time are read, their targets never. The history is
            taken whole: `as_served` cuts it.
        k: length of the lists.

    Returns:
        int32 [Q, k], item rows, best first; 0 where fewer are left.

    Raises:
        DataError: a score is not finite.
    """
    result = np.full((len(lists), k), MISSING_ROW, np.int32)
    seconds = queries.time / _MICROSECONDS_A_SECOND
    for query, (items, own) in enumerate(zip(lists, scores, strict=True)):
        present = np.flatnonzero(items > MISSING_ROW)
        best = present[np.argsort(-own[present], kind="stable")]
        known = queries.history.items[slice(*queries.history.indptr[query : query + 2])]
        candidates = catalogue.candidates(
            items[best].astype(np.int64) - FIRST_ROW,
            own[best],
            known.astype(np.int64) - FIRST_ROW,
            float(seconds[query]),
        )
        order = chain.order(candidates, k)
        result[query, : len(order)] = items[best[order]]
    return result
