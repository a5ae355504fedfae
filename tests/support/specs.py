"""Feature specs written by hand, and encoded rows that fit them."""

from pathlib import Path
from typing import Any

import numpy as np

from configs.features import Stage, Table
from configs.section import Section
from tfrs_models.backend import tf
from tfrs_models.features.history import GAP, HISTORY, TYPE
from tfrs_models.features.spec import (
    FeatureSpec,
    FittedCross,
    FittedFeature,
    HistorySpec,
    Output,
)

BOTH: tuple[Stage, ...] = ("retrieval", "ranking")
ITEMS = 12


def feature(
    name: str,
    table: Table,
    kind: Any = "ids",
    width: int = 1,
    num_ids: int = 7,
    stages: tuple[Stage, ...] = BOTH,
) -> FittedFeature:
    """A feature with an embedding of width 3."""
    output = Output(kind, width, num_ids if kind == "ids" else 0)
    return FittedFeature(name, table, "categorical", name, Section(), {}, stages, 3, output)


FEATURES = (
    feature("user_id", "user"),
    feature("age", "user", "dense", 2),
    feature("item_id", "item", num_ids=ITEMS),
    feature("genres", "item", width=3),
    feature("price", "item", "dense", 2),
    feature("hour", "context", num_ids=5),
)
CROSSES = (FittedCross("user_item", ("user_id", "item_id"), Output("ids", 1, 9)),)


def make_spec(
    features: tuple[FittedFeature, ...] = FEATURES,
    crosses: tuple[FittedCross, ...] = CROSSES,
    history_length: int = 4,
    history: HistorySpec | None = None,
) -> FeatureSpec:
    """A spec without files; its history carries nothing but items when only a length is given."""
    return FeatureSpec(features, crosses, history or HistorySpec(history_length), Path())


def random_rows(spec: FeatureSpec, rows: int, seed: int = 0) -> dict[str, Any]:
    """Encoded rows of everything that a spec names, missing and unknown ids among them."""
    random = np.random.default_rng(seed)
    outputs = {f.name: f.output for f in (*spec.features, *spec.crosses)}
    encoded = {name: _column(output, rows, random) for name, output in outputs.items()}
    sizes = (spec.num_item_ids, spec.history.num_types, spec.history.num_gaps)
    for name, size in zip((HISTORY, TYPE, GAP), sizes, strict=True):
        if name in spec.history.names():
            encoded[name] = _ids(random, size, (rows, spec.history.length))
    return encoded


def constant_rows(spec: FeatureSpec, rows: int, value: int) -> dict[str, Any]:
    """Rows whose every id is `value` (0 missing, 1 unknown), and whose dense values are 0."""
    return {
        name: tf.zeros_like(column) + (value if column.dtype == tf.int32 else 0.0)
        for name, column in random_rows(spec, rows).items()
    }


def _column(output: Output, rows: int, random: np.random.Generator) -> Any:
    if output.kind == "ids":
        return _ids(random, output.num_ids, (rows, output.width))
    return tf.constant(random.standard_normal((rows, output.width)).astype(np.float32))


def _ids(random: np.random.Generator, num_ids: int, shape: tuple[int, int]) -> Any:
    return tf.constant(random.integers(0, num_ids, shape), tf.int32)


def shake(model: Any, seed: int = 0) -> None:
    """Move every weight away from its start, where terms are 0 and mistakes do not show.

    The temperature stays: losses are only compared where it is what the test says.
    """
    random = np.random.default_rng(seed)
    for variable in model.trainable_variables:
        if "temperature" in variable.name:
            continue
        noise = random.normal(0, 0.3, variable.shape)
        variable.assign_add(tf.constant(noise, variable.dtype))
