"""Specs of every shape, batches that fit them, and layers in float64."""

from typing import Any

import numpy as np
from support.specs import FEATURES, ITEMS, feature, make_spec, random_rows

from tfrs_models.backend import tf
from tfrs_models.features.spec import FeatureSpec

NEGATIVES = 5
LISTS, LIST = 6, 4

SPECS = {
    "everything": make_spec(),
    "no history": make_spec(history_length=0),
    "ids only": make_spec((feature("user_id", "user"), feature("item_id", "item", num_ids=ITEMS))),
    "no user id": make_spec(
        (feature("user_id", "user", stages=("ranking",)), *FEATURES[1:]), crosses=()
    ),
}


def retrieval_batch(spec: FeatureSpec, rows: int = 6, seed: int = 0) -> dict[str, Any]:
    """A batch in which no negative is a positive."""
    random = np.random.default_rng(seed)
    return {
        "query": random_rows(spec, rows, seed),
        "positive": random_rows(spec, rows, seed + 1),
        "negative": random_rows(spec, NEGATIVES, seed + 2),
        "positive_rows": tf.range(2, rows + 2),
        "negative_rows": tf.range(100, 100 + NEGATIVES),
        "correction": tf.constant(random.normal(0, 1, NEGATIVES), tf.float32),
        "weight": tf.constant(random.uniform(0.5, 1.5, rows), tf.float32),
        "seed": tf.constant([seed, seed]),
    }


def ranking_batch(spec: FeatureSpec, lists: int = LISTS, seed: int = 0) -> dict[str, Any]:
    """Lists of four pairs, all of which count."""
    return {
        "encoded": random_rows(spec, lists * LIST, seed),
        "usable": tf.ones([lists, LIST]),
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
