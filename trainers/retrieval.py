"""Trains the retrieval stage and measures it while it trains."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from configs.errors import DataError
from configs.features import Stage, Table
from configs.run import RunConfig
from tfrs_models.data.dataset import TRAIN, VALIDATION, PreparedDataset
from tfrs_models.evaluation.queries import Queries, build_queries
from tfrs_models.evaluation.top_k import top_k_lists
from tfrs_models.features.encode import EncodedTables
from tfrs_models.features.spec import FeatureSpec
from tfrs_models.models.two_tower import TwoTower
from trainers.embeddings import dot_product, embed, query_columns
from trainers.histories import latest_items
from trainers.loop import Fit, fit
from trainers.optimizers.build import retrieval_optimizer
from trainers.retrieval_batches import RetrievalBatches
from trainers.validation import mean_metric, parse_metric
from trainers.watch import Watch


@dataclass(frozen=True)
class Material:
    """What both stages are trained and measured on."""

    config: RunConfig
    dataset: PreparedDataset
    spec: FeatureSpec
    encoded: EncodedTables


def new_two_tower(material: Material) -> TwoTower:
    """An untrained model, compiled."""
    config = material.config.retrieval
    model = TwoTower(material.spec, config, material.config.seed)
    model.compile(optimizer=retrieval_optimizer(config.training))
    return model


def train_retrieval(material: Material, folder: Path, watch: Watch) -> tuple[TwoTower, Fit]:
    """Train, or go on training; the model holds the weights that validated best."""
    config = material.config.retrieval
    model = new_two_tower(material)
    batches = RetrievalBatches(
        material.dataset,
        material.encoded,
        material.spec,
        config,
        model.negatives,
        material.config.seed,
    )
    evaluate = validation(model, material)
    return model, fit(model, batches, config.training, evaluate, folder, watch)


def validation(model: TwoTower, material: Material) -> Callable[[], float]:
    """A function that returns the validation metric of the model's present weights.

    Raises:
        DataError: there is nothing to measure it on.
    """
    config = material.config
    name, k = parse_metric("retrieval", config.retrieval.validation_metric)
    dataset = material.dataset
    queries = build_queries(dataset, VALIDATION, config.evaluation, config.seed)
    if not len(queries):
        raise DataError(
            "no user has a validation target, so nothing tells when to stop: enlarge the "
            "validation part of `data.split.options`, or set `evaluation.exclude_seen: false` "
            "when users mostly come back to what they know"
        )

    def evaluate() -> float:
        lists = retrieve(model, material, queries, k, trained_items(dataset))
        return mean_metric(lists, queries, name, k)

    return evaluate


def trained_items(dataset: PreparedDataset) -> int:
    """One past the last row of the items that have training events."""
    events = dataset.events
    return int(events.item[events.split == TRAIN].max()) + 1


def candidate_embeddings(model: TwoTower, material: Material) -> NDArray[np.float32]:
    """Embeddings of all item rows: unit float32 [N, D]."""
    names = [f.name for f in material.spec.select("retrieval", "item")]
    return embed(
        model.compiled("embed_candidate"), {name: material.encoded.item[name] for name in names}
    )


def query_embeddings(model: TwoTower, material: Material, queries: Queries) -> NDArray[np.float32]:
    """Embeddings of all queries: unit float32 [Q, D]."""
    return embed(model.compiled("embed_query"), query_inputs(material, queries, "retrieval"))


def columns_read(spec: FeatureSpec, stage: Stage, table: Table) -> list[str]:
    """Features of a table that a stage reads; the ranker reads the parts of its crosses too."""
    crossed = {part for cross in spec.crosses for part in cross.of if stage == "ranking"}
    return [f.name for f in spec.table(table) if stage in f.stages or f.name in crossed]


def query_inputs(material: Material, queries: Queries, stage: Stage) -> dict[str, NDArray[Any]]:
    """Encoded user, context and history of each query, for one stage."""
    spec, encoded = material.spec, material.encoded
    return query_columns(
        queries,
        {name: encoded.user[name] for name in columns_read(spec, stage, "user")},
        {name: encoded.context[name] for name in columns_read(spec, stage, "context")},
        latest_items(material.dataset, queries.history, spec.history_length),
    )


def retrieve(
    model: TwoTower, material: Material, queries: Queries, k: int, num_items: int
) -> NDArray[np.int32]:
    """The k candidates of each query by exact search, best first: int32 [Q, k].

    Args:
        model: the retrieval model.
        material: the encoded tables.
        queries: the queries.
        k: length of the lists.
        num_items: items below this row are candidates: `trained_items` while training, because
            items that come later must decide nothing, and the whole catalogue for the test.
    """
    of_queries = query_embeddings(model, material, queries)
    of_candidates = candidate_embeddings(model, material)
    return search(of_queries, of_candidates[:num_items], material, queries, k)


def search(
    query_embeddings: NDArray[np.float32],
    candidate_embeddings: NDArray[np.float32],
    material: Material,
    queries: Queries,
    k: int,
) -> NDArray[np.int32]:
    """Exact search among the given candidates, without seen items if so configured: [Q, k]."""
    config = material.config.evaluation
    return top_k_lists(
        dot_product(query_embeddings, candidate_embeddings),
        queries,
        len(candidate_embeddings),
        k,
        config.memory_limit_mib,
        config.exclude_seen,
        "two_tower",
    )
