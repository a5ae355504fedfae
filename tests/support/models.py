"""Specs of every shape, batches that fit them, and layers in float64."""

from typing import Any

import numpy as np
from support.specs import FEATURES, ITEMS, feature, make_spec, random_rows

from tfrs_models.backend import tf
from tfrs_models.features.spec import FeatureSpec, HistorySpec
from tfrs_models.models.wide_deep import RankingInputs

WINDOWS, CANDIDATES, NEGATIVES = 3, 9, 5
LISTS, LIST = 6, 4
PAIR_FEATURES = 5

SPECS = {
    "everything": make_spec(),
    "no history": make_spec(history_length=0),
    "ids only": make_spec((feature("user_id", "user"), feature("item_id", "item", num_ids=ITEMS))),
    "no user id": make_spec(
        (feature("user_id", "user", stages=("ranking",)), *FEATURES[1:]), crosses=()
    ),
    "no context": make_spec(FEATURES[:-1]),
    "a history of events": make_spec(history=HistorySpec(4, ("view", "buy"), time_gaps=True)),
}


def retrieval_batch(spec: FeatureSpec, seed: int = 0) -> dict[str, Any]:
    """Three windows with 2, 1 and 3 targets; one negative is the second window's own item."""
    random = np.random.default_rng(seed)
    window = np.array([0, 0, 1, 2, 2, 2])
    usable = np.ones((WINDOWS, NEGATIVES), bool)
    usable[1, 3] = False
    names = {f.name for f in spec.select("retrieval", "context")}
    context = random_rows(spec, len(window), seed + 1)
    item = {f.name for f in spec.select("retrieval", "item")}
    candidates = random_rows(spec, CANDIDATES, seed + 2)
    normal = random.normal(0, 1, NEGATIVES + len(window)).astype(np.float32)
    return {
        "query": random_rows(spec, WINDOWS, seed),
        "context": {name: column for name, column in context.items() if name in names},
        "candidates": {name: column for name, column in candidates.items() if name in item},
        "positive": tf.constant([0, 1, 2, 3, 0, 4]),
        "negative": tf.constant([4, 5, 6, 7, 8]),
        "window": tf.constant(window, tf.int32),
        "visible": tf.constant([1, 2, 0, 0, 1, 3]),
        "weight": tf.constant(random.uniform(0.5, 1.5, len(window)), tf.float32),
        "usable": tf.constant(usable),
        "count": tf.constant([1.0, 2.0, 1.0, 1.0, 3.0]),
        "log_expected": tf.constant(normal[:NEGATIVES]),
        "positive_log_expected": tf.constant(normal[NEGATIVES:]),
        "num_items": tf.constant(50.0),
        "seed": tf.constant([seed, seed]),
    }


def ranking_inputs(spec: FeatureSpec, pairs: int = PAIR_FEATURES) -> RankingInputs:
    """What the ranking model of a spec reads."""
    return RankingInputs.of(spec, pairs)


def ranking_rows(spec: FeatureSpec, lists: int = LISTS, seed: int = 0) -> tuple[Any, Any]:
    """Encoded requests, and four candidates of each, one request after the other."""
    query, candidates = random_rows(spec, lists, seed), random_rows(spec, lists * LIST, seed + 1)
    item = {f.name for f in (*spec.table("item"), *spec.crosses)}
    pairs = np.random.default_rng(seed).normal(0, 1, (lists * LIST, PAIR_FEATURES))
    return (
        {name: column for name, column in query.items() if name not in item},
        {name: column for name, column in candidates.items() if name in item}
        | {"pairs": tf.constant(pairs, tf.float32)},
    )


def ranking_batch(
    spec: FeatureSpec, lists: int = LISTS, seed: int = 0, tasks: int = 1
) -> dict[str, Any]:
    """Lists of a positive and three negatives, which all count; nobody was shown a place."""
    query, candidates = ranking_rows(spec, lists, seed)
    return {
        "query": query,
        "candidates": candidates | {"position": tf.fill([lists * LIST], -1)},
        "labels": tf.tile([[[1.0] * tasks, *[[0.0] * tasks] * (LIST - 1)]], [lists, 1, 1]),
        "usable": tf.ones([lists, LIST], tf.bool),
        "stands_for": tf.ones([lists, LIST]),
        "positives": tf.ones([lists]),
        "seed": tf.constant([seed, seed]),
    }


def dense(layer: Any) -> Any:
    """A Keras layer's map in float64, its activation included."""
    kernel, *bias = [w.astype(np.float64) for w in layer.get_weights()]
    relu = layer.activation.__name__ == "relu"
    return lambda x: np.maximum(x @ kernel + sum(bias), 0 if relu else -np.inf)


def bag(table: Any, ids: Any) -> Any:
    """Mean of the rows of a table in float64, zeros for none."""
    table, ids = table.numpy().astype(np.float64), ids.numpy()
    return np.stack([table[i[i > 0]].mean(0) if i.any() else 0 * table[0] for i in ids])
