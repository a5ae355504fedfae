"""A table of the ranking benchmark in this project's features, all of the context.

Texts are `categorical`, lists `multi_valued`. A number is `numeric` twice, by its quantiles and by
its logarithm (`NAME_log`), and `bucketised` (`NAME_bucket`).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ranking_table import SEPARATOR, Table

from configs.features import CrossConfig, FeatureConfig
from tfrs_models.backend import tf
from tfrs_models.features.encode import Encoded, compile_encoder
from tfrs_models.features.encoder import FeatureEncoder
from tfrs_models.features.feature_type import FIRST_ID, feature_type
from tfrs_models.features.fit import default_embedding_dim
from tfrs_models.features.spec import (
    VOCABULARIES,
    FeatureSpec,
    FittedCross,
    FittedFeature,
    HistorySpec,
    Output,
)
from tfrs_models.features.training_column import TrainingColumn

BUCKETS = 50
"""Intervals of a number with more values than `VALUES`."""
VALUES = 150
ROWS = 8192
"""Encoded at a time."""


def fit_features(table: Table, crosses: Sequence[tuple[str, str]], folder: Path) -> FeatureSpec:
    """Fit the features on training rows and write their spec to `folder`.

    Args:
        table: the training rows.
        crosses: pairs of features that have ids.
        folder: is made.
    """
    (folder / VOCABULARIES).mkdir(parents=True)
    features = tuple(
        _fit(table, name, feature, folder) for name, feature in _features(table).items()
    )
    history = HistorySpec(0, (), False)
    return FeatureSpec(features, tuple(map(_cross, crosses)), history, folder).save(folder)


def _features(table: Table) -> dict[str, FeatureConfig]:
    found: dict[str, dict[str, Any]] = {name: {"type": "categorical"} for name in table.texts}
    for name in table.lists:
        found[name] = {"type": "multi_valued", "separator": SEPARATOR}
    for name in table.numbers:
        found[name] = {"type": "numeric", "transform": "quantile"}
        found[f"{name}_log"] = {"type": "numeric", "column": name, "transform": "log"}
        ends = boundaries(table.columns[name])
        found[f"{name}_bucket"] = {"type": "bucketised", "column": name, "boundaries": ends}
    return {name: FeatureConfig.model_validate(feature) for name, feature in found.items()}


def boundaries(numbers: NDArray[np.float64]) -> list[float]:
    """Where the intervals of a number end: each value has its own, or quantiles divide them.

    The most frequent value, such as a gain of 0, has an interval of its own and takes no part in
    the quantiles, so that the values of the few are told apart.
    """
    values, counts = np.unique(numbers[~np.isnan(numbers)], return_counts=True)
    if len(values) <= VALUES:
        return [float(value) for value in values[1:]]
    most = int(np.argmax(counts))
    others = np.delete(values, most)
    shares = np.cumsum(np.delete(counts, most)) / (counts.sum() - counts[most])
    inner = others[np.searchsorted(shares, np.arange(1, BUCKETS) / BUCKETS)]
    ends = np.unique([*values[most : most + 2], *inner])
    return [float(end) for end in ends[ends > values[0]]]


def _fit(table: Table, name: str, feature: FeatureConfig, folder: Path) -> FittedFeature:
    kind, column = feature_type(feature.type), feature.column or name
    values = _training_column(table.columns[column])
    state = kind.fit(feature.options, values, folder / VOCABULARIES / f"{name}.txt")
    output = kind.output(feature.options, state)
    return FittedFeature(
        name=name,
        table="context",
        type=feature.type,
        column=column,
        options=feature.options,
        state=state,
        stages=feature.stages,
        embedding_dim=default_embedding_dim(output),
        output=output,
    )


def _training_column(values: NDArray[Any]) -> TrainingColumn:
    import pyarrow as pa

    text = values.dtype == object
    known = values[values != ""] if text else values[~np.isnan(values)].astype(np.float32)
    column = pa.table({"value": pa.array(known, pa.string() if text else pa.float32())})
    return TrainingColumn(column.to_reader, end_of_training=0)


def _cross(of: tuple[str, str]) -> FittedCross:
    cross = CrossConfig(of=of)
    return FittedCross("_x_".join(of), cross.of, Output("ids", 1, cross.buckets + FIRST_ID))


def encode(spec: FeatureSpec, table: Table) -> Encoded:
    """Features by name: int32 `[N, M]` or float32 `[N, W]`."""
    function = compile_encoder(FeatureEncoder(spec), "context")
    parts = [
        {name: value.numpy() for name, value in function(_raw(table, start)).items()}
        for start in range(0, len(table), ROWS)
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _raw(table: Table, start: int) -> Mapping[str, Any]:
    rows = slice(start, start + ROWS)
    return {
        name: tf.constant(values[rows], tf.string if values.dtype == object else tf.float32)
        for name, values in table.columns.items()
    }
