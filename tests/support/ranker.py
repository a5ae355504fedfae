"""A small ranker over fitted features, and what it reads of two requests."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from support.datasets import make_dataset

from configs.features import FeaturesConfig
from tfrs_models.backend import tf
from tfrs_models.data.statistics import STATISTICS
from tfrs_models.features.encoder import FeatureEncoder
from tfrs_models.features.fit import fit_features
from tfrs_models.features.pairs import of_list
from tfrs_models.features.ranking_encoder import RankingEncoder

ITEMS = {
    "a": {"colour": "red", "hidden": "x"},
    "b": {"colour": "blue", "hidden": "y"},
    "c": {"colour": "red", "hidden": "x"},
}
FEATURES = {
    "item": {
        "item_id": {"type": "categorical", "stages": ["retrieval"]},
        "colour": {"type": "categorical"},
        "hidden": {"type": "categorical", "stages": ["retrieval"]},
    },
    "user": {"user_id": {"type": "categorical"}},
    "crosses": {"user_colour": {"of": ["user_id", "colour"], "buckets": 50}},
    "history": {"max_length": 2},
}
ROWS = np.array([[2, 3, 4], [4, 2, 0]], np.int32)
"""Candidates of both requests: a, b, c, and c, a, none."""


def make_encoder(folder: Path) -> tuple[RankingEncoder, dict[str, NDArray[Any]]]:
    """The encoder and the encoded items, [N, 1] by name."""
    dataset = make_dataset(folder / "data", ["ann", "bob", "ann"], list("abc"), items=ITEMS)
    config = FeaturesConfig.model_validate(FEATURES)
    encoder = FeatureEncoder(fit_features(config, dataset, folder / "features"))
    raw = {
        "item_id": ["", "", *ITEMS],
        **{n: ["", "", *(row[n] for row in ITEMS.values())] for n in ("colour", "hidden")},
    }
    encoded = encoder.encode("item", {name: tf.constant(column) for name, column in raw.items()})
    items = {name: column.numpy() for name, column in encoded.items()}
    return RankingEncoder(encoder, items), items


def request(items: dict[str, NDArray[Any]]) -> tuple[Any, Any, Any, Any]:
    """Arguments of `Ranker.predict`: ann took a and b, bob nothing."""
    query = {
        "user_id": tf.constant([[2], [3]]),
        "history": tf.constant([[2, 3], [0, 0]]),
    }
    columns = {name: tf.constant(column[ROWS]) for name, column in items.items()}
    scores = tf.constant([[0.9, 0.1, 0.5], [0.7, 0.2, -0.3]])
    statistics = tf.ones([*ROWS.shape, len(STATISTICS)])
    return query, columns, statistics, of_list(scores, tf.constant(ROWS > 0))
