"""Trains the ranking stage on what the retrieval stage returns, and re-orders lists with it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from configs.errors import DataError
from tfrs_models.backend import tf
from tfrs_models.data.dataset import VALIDATION
from tfrs_models.evaluation.queries import Queries, build_queries
from tfrs_models.features.encoder import FeatureEncoder
from tfrs_models.models.two_tower import TwoTower
from tfrs_models.models.wide_deep import WideDeep
from trainers.loop import Fit, Plan, fit
from trainers.optimizers.build import ranking_optimizer
from trainers.ranking_batches import RankingBatches, Retrieved
from trainers.retrieval import (
    Material,
    candidate_embeddings,
    columns_read,
    query_embeddings,
    query_inputs,
    search,
    trained_items,
)
from trainers.validation import mean_metric, parse_metric
from trainers.watch import Watch

_PAIRS_A_CALL = 16_384


def retrieved(model: TwoTower, material: Material, queries: Queries, num_items: int) -> Retrieved:
    """Candidates of each query with everything that the ranker reads.

    Args:
        model: the retrieval model.
        material: the encoded tables.
        queries: the queries.
        num_items: items below this row are candidates; see `trainers.retrieval.retrieve`.
    """
    of_queries = query_embeddings(model, material, queries)
    of_candidates = candidate_embeddings(model, material)
    k = material.config.ranking.candidates
    lists = search(of_queries, of_candidates[:num_items], material, queries, k)
    columns = query_inputs(material, queries, "ranking")
    return Retrieved(queries, lists, of_queries, of_candidates, columns)


def train_ranking(
    retriever: TwoTower, encoder: FeatureEncoder, material: Material, folder: Path, watch: Watch
) -> tuple[WideDeep, Fit]:
    """Train, or go on training; the model holds the weights that validated best.

    Raises:
        DataError: the validation events leave too few queries to train on.
    """
    config = material.config
    everyone = config.evaluation.model_copy(update={"max_users": None})
    queries = build_queries(material.dataset, VALIDATION, everyone, config.seed)
    everything = retrieved(retriever, material, queries, trained_items(material.dataset))
    training, held_out = _divide(everything, config.ranking.holdout_share)
    model = new_wide_deep(material)
    batches = _batches(training, encoder, material)
    if batches.num_examples == 0:
        raise _too_little("none of them took an item that has training events")
    planned = Plan.of(config.ranking.training, batches)
    model.compile(optimizer=ranking_optimizer(config.ranking, planned.total_steps))
    evaluate = _validation(model, held_out, encoder, material)
    return model, fit(model, batches, config.ranking.training, evaluate, folder, watch)


def new_wide_deep(material: Material) -> WideDeep:
    """An untrained model."""
    return WideDeep(material.spec, material.config.ranking, material.config.seed)


def _divide(everything: Retrieved, share: float) -> tuple[Retrieved, Retrieved]:
    """Training queries and the latest share, held out: fashions that pass must not validate."""
    size = len(everything.queries)
    held_out = round(size * share)
    if held_out == 0 or held_out == size:
        raise _too_little(f"there are {size}")
    latest_first = np.argsort(-everything.queries.time, kind="stable")
    parts = latest_first[held_out:], latest_first[:held_out]
    return everything.take(np.sort(parts[0])), everything.take(np.sort(parts[1]))


def _too_little(found: str) -> DataError:
    return DataError(
        f"the ranking stage trains and validates on the users with validation events, and {found}: "
        "enlarge the validation part of `data.split.options`, or set `ranking.enabled: false`"
    )


def _batches(part: Retrieved, encoder: FeatureEncoder, material: Material) -> RankingBatches:
    names = columns_read(material.spec, "ranking", "item")
    items = {name: material.encoded.item[name] for name in {*names, "item_id"}}
    config = material.config
    return RankingBatches(
        part,
        items,
        trained_items(material.dataset),
        encoder.encode_crosses,
        config.ranking,
        config.seed,
    )


def _validation(
    model: WideDeep, held_out: Retrieved, encoder: FeatureEncoder, material: Material
) -> Callable[[], float]:
    name, k = parse_metric("ranking", material.config.ranking.validation_metric)
    rank = ranker(model, held_out, encoder, material)
    return lambda: mean_metric(rank(), held_out.queries, name, k)


def ranker(
    model: WideDeep, part: Retrieved, encoder: FeatureEncoder, material: Material
) -> Callable[[], NDArray[np.int32]]:
    """A function that re-orders the lists of `part` by the present weights: int32 [Q, K]."""
    pairs = _batches(part, encoder, material)

    def score(owners: Any, items: Any) -> Any:
        return model.logits(pairs.encode(owners, items))

    # One trace for blocks of every size: each ranker has a function of its own.
    rows = tf.TensorSpec([None], tf.int32)
    logits = tf.function(score, input_signature=[rows, rows], autograph=False)
    queries, k = part.lists.shape
    owners = np.repeat(np.arange(queries, dtype=np.int32), k)
    items = part.lists.ravel()

    def rank() -> NDArray[np.int32]:
        starts = range(0, len(items), _PAIRS_A_CALL)
        blocks = [slice(start, start + _PAIRS_A_CALL) for start in starts]
        scores = [logits(tf.constant(owners[b]), tf.constant(items[b])).numpy() for b in blocks]
        return reorder(part.lists, np.concatenate(scores).reshape(queries, k))

    return rank


def reorder(lists: NDArray[np.int32], scores: NDArray[np.float32]) -> NDArray[np.int32]:
    """Lists by falling score; ties keep their order, and empty places (0) stay at the end."""
    order = np.argsort(np.where(lists > 0, -scores, np.inf), axis=1, kind="stable")
    return np.take_along_axis(lists, order, axis=1)
