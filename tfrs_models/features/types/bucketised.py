"""A number as the id of the interval it falls in.

A number that is not finite is missing, 0. There is no unknown. A number equal to a boundary belongs
to the interval above it.
"""

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Self

import numpy as np
from pydantic import Field, FiniteFloat, model_validator

from configs.section import Section
from tfrs_models.backend import tf
from tfrs_models.features.feature_type import FIRST_ID, MISSING_ID, Output, Raw
from tfrs_models.features.training_column import TrainingColumn


class Options(Section):
    """Where the intervals end: given, or fitted so that each holds as many training rows."""

    boundaries: tuple[FiniteFloat, ...] | None = None
    """Boundaries between the intervals, increasing."""
    quantiles: Annotated[int, Field(ge=2, le=10_000)] | None = None
    """Number of intervals that are fitted; equal boundaries become one."""

    @model_validator(mode="after")
    def _check_one(self) -> Self:
        if (self.boundaries is None) == (self.quantiles is None):
            raise ValueError(
                "give exactly one of `boundaries: [10, 20]` and `quantiles: 10`, "
                f"received boundaries={self.boundaries} and quantiles={self.quantiles}"
            )
        if any(left >= right for left, right in pairwise(self.boundaries or ())):
            raise ValueError(f"`boundaries` must increase, received {list(self.boundaries or ())}")
        return self


def raw(options: Options) -> Raw:
    """One number a row."""
    return Raw("float32")


def fit(options: Options, column: TrainingColumn, vocabulary: Path) -> dict[str, Any]:
    """Take the boundaries as given, or from the quantiles of the training rows."""
    if options.boundaries is not None:
        return {"boundaries": list(options.boundaries)}
    inner = np.arange(1, options.quantiles or 0) / (options.quantiles or 1)
    return {"boundaries": sorted(set(column.quantiles(inner.tolist())))}


def output(options: Options, state: Mapping[str, Any]) -> Output:
    """Ids `[B, 1]`."""
    return Output("ids", width=1, num_ids=len(state["boundaries"]) + 1 + FIRST_ID)


def resources(options: Options, state: Mapping[str, Any], vocabulary: Path) -> dict[str, Any]:
    """None needed."""
    return {}


def encode(
    options: Options, state: Mapping[str, Any], resources: Mapping[str, Any], raw: Any
) -> Any:
    """Count the boundaries at or below each number."""
    interval = tf.raw_ops.Bucketize(input=raw, boundaries=list(state["boundaries"]))
    ids = tf.where(tf.math.is_finite(raw), interval + FIRST_ID, MISSING_ID)
    return tf.expand_dims(ids, axis=-1)
