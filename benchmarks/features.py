"""Encoding tables and single requests, against tf_keras preprocessing layers on the same columns.

    python benchmarks/features.py [--items 300000]

Both sides encode an id, a category, a standardised price and a bucketised price; `all` adds tags,
title n-grams and an age to ours. Rows come from Parquet in batches of the same size. The last line
is JSON: rows/s, milliseconds of one request (median), seconds of fitting and of saving.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from configs.features import FeaturesConfig
from tfrs_models.backend import tf
from tfrs_models.data.dataset import FIRST_ROW, Events, PreparedDataset
from tfrs_models.features.encode import compile_encoder, encode_tables
from tfrs_models.features.encoder import FeatureEncoder
from tfrs_models.features.fit import fit_features
from tfrs_models.features.tables import ROWS

CATEGORIES = 200
REQUESTS = 200
SHARED = {
    "item_id": {"type": "categorical"},
    "category": {"type": "categorical"},
    "price": {"type": "numeric"},
    "price_group": {"type": "bucketised", "column": "price", "quantiles": 20},
}
MORE = {
    "tags": {"type": "multi_valued"},
    "title": {"type": "text", "max_tokens": 12},
    "age": {"type": "timestamp", "column": "added", "part": "age"},
}


def make_dataset(folder: Path, items: int) -> PreparedDataset:
    """One user and `items` items, all in the vocabulary."""
    random = np.random.default_rng(0)
    words = np.array([f"word{index}" for index in range(5_000)], object)
    titles = words[random.integers(0, len(words), (items, 4))]
    tags = words[random.integers(0, 50, (items, 3))]
    columns = {
        "item_id": [f"item-{index}" for index in range(items)],
        "category": [f"category {c}" for c in random.zipf(1.5, items) % CATEGORIES],
        "price": random.lognormal(3, 1, items),
        "tags": ["|".join(row) for row in tags],
        "title": [" ".join(row) for row in titles],
        "added": random.integers(1_500_000_000, 1_600_000_000, items),
    }
    (folder / "vocabularies").mkdir(parents=True)
    pq.write_table(pa.table(columns), folder / "items.parquet")
    pq.write_table(pa.table({"user_id": ["u"]}), folder / "users.parquet")
    pq.write_table(pa.table({"user_id": ["u"]}), folder / "events.parquet")
    (folder / "vocabularies" / "user_id.txt").write_text("u\n")
    (folder / "vocabularies" / "item_id.txt").write_text("\n".join(columns["item_id"]) + "\n")
    events = Events(*(np.zeros(1, np.int64) for _ in Events.__dataclass_fields__))
    rows = items + FIRST_ROW
    return PreparedDataset(folder, "", events, np.zeros(1), 3, rows, 3, rows, (), {})


def batches(dataset: PreparedDataset) -> Iterator[dict[str, Any]]:
    """Raw batches for the layers."""
    file = pq.ParquetFile(dataset.folder / "items.parquet")
    for batch in file.iter_batches(ROWS, columns=["item_id", "category", "price"]):
        raw = {
            name: batch.column(name).to_numpy(zero_copy_only=False) for name in batch.column_names
        }
        yield {name: tf.constant(value) for name, value in raw.items()}


def keras_layers(dataset: PreparedDataset) -> Any:
    """A module with the four features as tf_keras layers; vocabularies are lists."""
    table = pq.read_table(dataset.folder / "items.parquet")
    layers = tf.keras.layers
    module = tf.Module()
    module.id = layers.StringLookup(vocabulary=table["item_id"].to_pylist())
    module.category = layers.StringLookup(vocabulary=table["category"].unique().to_pylist())
    module.price = layers.Normalization(axis=None)
    module.price.adapt(table["price"].to_numpy())
    module.group = layers.Discretization(num_bins=20)
    module.group.adapt(table["price"].to_numpy())
    string, number = tf.TensorSpec([None], tf.string), tf.TensorSpec([None], tf.float32)
    signature = {"item_id": string, "category": string, "price": number}
    module.encode = tf.function(
        lambda raw: {
            "item_id": module.id(raw["item_id"]),
            "category": module.category(raw["category"]),
            "price": module.price(raw["price"]),
            "price_group": module.group(raw["price"]),
        },
        input_signature=[signature],
    )
    return module


def seconds(action: Callable[[], Any]) -> float:
    """Wall-clock seconds of one call."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def request_ms(encode: Callable[[Any], Any], raw: Any) -> float:
    """Median milliseconds of one request of one row."""
    encode(raw)
    return 1_000 * median(seconds(lambda: encode(raw)) for _ in range(REQUESTS))


def measure_ours(dataset: PreparedDataset, items: dict[str, Any], folder: Path) -> dict[str, float]:
    """Figures of the encoder with the item features `items`."""
    config = FeaturesConfig.model_validate({"item": items})
    fit = seconds(lambda: fit_features(config, dataset, folder / "spec"))
    encoder = FeatureEncoder(fit_features(config, dataset, folder / "spec"))
    encode = seconds(lambda: encode_tables(encoder, dataset, folder / "encoded"))
    module = tf.Module()
    module.encoder, module.encode = encoder, compile_encoder(encoder, "item")
    save = seconds(lambda: tf.saved_model.save(module, str(folder / "saved")))
    served = tf.saved_model.load(str(folder / "saved"))
    raw = {
        name: tf.zeros([1, *spec.shape[1:]], spec.dtype)
        for name, spec in encoder.raw_signature("item").items()
    } | {"item_id": tf.constant(["item-7"]), "category": tf.constant(["category 7"])}
    rate = dataset.num_items / encode
    figures = {"rows_per_second": rate, "request_ms": request_ms(served.encode, raw)}
    return figures | {"fit_seconds": fit, "save_seconds": save}


def measure_keras(dataset: PreparedDataset, folder: Path) -> dict[str, float]:
    """Figures of the layers, compiled, and of an eager call as most tutorials serve them."""
    layers: list[Any] = []
    fit = seconds(lambda: layers.append(keras_layers(dataset)))
    [module] = layers

    def encode_all() -> None:
        for index, raw in enumerate(batches(dataset)):
            raw["price"] = tf.cast(raw["price"], tf.float32)
            for name, value in module.encode(raw).items():
                np.save(folder / f"{name}-{index}.npy", value.numpy())

    rate = dataset.num_items / seconds(encode_all)
    raw = {"item_id": tf.constant(["item-7"]), "category": tf.constant(["category 7"])}
    raw["price"] = tf.constant([1.0])
    figures = {"rows_per_second": rate, "request_ms": request_ms(module.encode, raw)}
    figures["eager_request_ms"] = request_ms(lambda raw: module.id(raw["item_id"]), raw)
    figures |= {"fit_seconds": fit}
    save = seconds(lambda: tf.saved_model.save(module, str(folder / "saved")))
    return figures | {"save_seconds": save}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=300_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        dataset = make_dataset(folder / "dataset", arguments.items)
        for part in ("ours", "all", "keras"):
            (folder / part).mkdir()
        figures = {
            "ours": measure_ours(dataset, SHARED, folder / "ours"),
            "all": measure_ours(dataset, SHARED | MORE, folder / "all"),
            "keras": measure_keras(dataset, folder / "keras"),
        }
    for name, row in figures.items():
        print(name.ljust(6), *(f"{key} {value:,.3f}" for key, value in row.items()), sep="  ")
    print(json.dumps({"items": arguments.items, **figures}))


if __name__ == "__main__":
    main()
