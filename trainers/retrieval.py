"""Trains the retrieval stage and measures it while it trains."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from configs.errors import DataError
from configs.features import Stage, Table
from configs.run import RunConfig
from configs.training import TrainingConfig
from tfrs_models.data.dataset import TRAIN, VALIDATION, PreparedDataset
from tfrs_models.evaluation.queries import Queries, build_queries, training_queries
from tfrs_models.evaluation.top_k import Scorer, top_k_lists
from tfrs_models.features.encode import EncodedTables
from tfrs_models.features.spec import FeatureSpec
from tfrs_models.models.two_tower import TwoTower
from trainers.embeddings import dot_product, embed, query_columns
from trainers.histories import encoded_histories
from trainers.initial import set_initial_values
from trainers.loop import Fit, Plan, fit, known_epochs, steps_taken
from trainers.optimizers.build import retrieval_optimizer
from trainers.positives import Positives
from trainers.retrieval_batches import RetrievalBatches
from trainers.validation import mean_metric, parse_metric
from trainers.watch import Watch

_NOT_LISTED = np.float32(-1e30)


@dataclass(frozen=True)
class Material:
    """What both stages are trained and measured on."""

    config: RunConfig
    dataset: PreparedDataset
    spec: FeatureSpec
    encoded: EncodedTables


def new_two_tower(material: Material) -> TwoTower:
    """An untrained model."""
    return TwoTower(material.spec, material.config.retrieval, material.config.seed)


def train_retrieval(material: Material, folder: Path, watch: Watch) -> tuple[TwoTower, Fit]:
    """Train, or go on training; the model holds the weights that validated best."""
    training = material.config.retrieval.training
    model = new_two_tower(material)
    batches = new_batches(model, material)
    evaluate = validation(model, material)
    start = partial(initialize, model, material, batches.positives)
    return model, fit_two_tower(model, batches, material, training, evaluate, folder, watch, start)


def refit_retrieval(
    material: Material, epochs: int, folder: Path, watch: Watch
) -> tuple[TwoTower, Fit]:
    """Train for a known number of epochs, without a validation.

    Args:
        material: whose training events include those that chose the number of epochs.
        epochs: passes over the training events; 0 leaves the initial weights.
        folder: checkpoints; a training that was interrupted there goes on.
        watch: is told of each call.
    """
    training = known_epochs(material.config.retrieval.training, epochs)
    model = new_two_tower(material)
    batches = new_batches(model, material)
    grows = partial(steps_taken, model)
    start = partial(initialize, model, material, batches.positives)
    return model, fit_two_tower(model, batches, material, training, grows, folder, watch, start)


def fit_two_tower(
    model: TwoTower,
    batches: RetrievalBatches,
    material: Material,
    training: TrainingConfig,
    evaluate: Callable[[], float],
    folder: Path,
    watch: Watch,
    start: Callable[[], None],
) -> Fit:
    """Fit with the step sizes of the whole planned training, even where this one ends sooner.

    Before each evaluation the source of negatives hears of the present model. `start` gives the
    weights their first values.
    """

    def refresh_and_evaluate() -> float:
        batches.refresh(partial(highest_ranked, model, material))
        return evaluate()

    planned = Plan.of(material.config.retrieval.training, batches)
    model.compile(optimizer=retrieval_optimizer(training, planned.total_steps))
    return fit(
        model,
        batches,
        training,
        refresh_and_evaluate,
        folder,
        watch,
        start,
    )


def initialize(model: TwoTower, material: Material, found: Positives) -> None:
    """Give a model the first values that a factorisation of its training events knows."""
    config = material.config
    known, items = material.dataset.known_items, material.encoded.item
    set_initial_values(model, found, items, known, config.retrieval, config.seed)


def new_batches(model: TwoTower, material: Material) -> RetrievalBatches:
    """The batches that a model learns from."""
    config = material.config
    return RetrievalBatches(
        material.dataset,
        material.encoded,
        material.spec,
        config.retrieval,
        model.causal,
        not config.evaluation.exclude_seen,
        config.seed,
    )


def validation(model: TwoTower, material: Material) -> Callable[[], float]:
    """A function that returns the validation metric of the model's present weights.

    Raises:
        DataError: there is nothing to measure it on.
    """
    config = material.config
    name, k = parse_metric("retrieval", config.retrieval.validation_metric)
    dataset = material.dataset
    sample = config.evaluation.model_copy(update={"max_users": config.retrieval.validation_users})
    queries = build_queries(dataset, VALIDATION, sample, config.seed)
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
    """Embeddings of all item rows: float32 [N, D + 1]."""
    names = [f.name for f in material.spec.select("retrieval", "item")]
    return embed(
        model.compiled("embed_candidate"), {name: material.encoded.item[name] for name in names}
    )


def query_embeddings(model: TwoTower, material: Material, queries: Queries) -> NDArray[np.float32]:
    """Embeddings of all queries: float32 [Q, D + 1], [Q, H, D + 1] with H interests."""
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
        encoded_histories(material.dataset, queries, spec.history),
    )


def highest_ranked(model: TwoTower, material: Material, k: int) -> NDArray[np.int32]:
    """The k items that the model ranks highest for each user beside their own: [num_users, k].

    Every user is asked with all their training events as history; rows of users without any are 0.
    """
    dataset = material.dataset
    queries = training_queries(dataset, np.flatnonzero(dataset.events.learned))
    lists = retrieve(model, material, queries, k, trained_items(dataset))
    everyone = np.zeros((dataset.num_users, k), np.int32)
    everyone[queries.user] = lists
    return everyone


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


def search_among(
    listed: NDArray[np.bool_],
    query_embeddings: NDArray[np.float32],
    candidate_embeddings: NDArray[np.float32],
    material: Material,
    queries: Queries,
    k: int,
) -> NDArray[np.int32]:
    """Exact search among the items of a catalogue [N], of which only some are listed: [Q, k].

    Where fewer than k are left, the last places stay empty (0).
    """
    score = dot_product(query_embeddings, candidate_embeddings)
    among = partial(_where_listed, score, listed)
    lists = _lists(among, len(candidate_embeddings), material, queries, k)
    return np.where(listed[lists], lists, np.int32(0))


def search(
    query_embeddings: NDArray[np.float32],
    candidate_embeddings: NDArray[np.float32],
    material: Material,
    queries: Queries,
    k: int,
) -> NDArray[np.int32]:
    """Exact search among the given candidates, without seen items if so configured: [Q, k]."""
    score = dot_product(query_embeddings, candidate_embeddings)
    return _lists(score, len(candidate_embeddings), material, queries, k)


def _where_listed(
    score: Scorer, listed: NDArray[np.bool_], block: NDArray[np.intp]
) -> NDArray[np.float32]:
    return np.where(listed, score(block), _NOT_LISTED)


def _lists(
    score: Scorer, num_items: int, material: Material, queries: Queries, k: int
) -> NDArray[np.int32]:
    config = material.config.evaluation
    return top_k_lists(
        score,
        queries,
        num_items,
        k,
        config.memory_limit_mib,
        config.exclude_seen,
        "two_tower",
    )
