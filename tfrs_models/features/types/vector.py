"""A dense vector, such as an embedding of an image or a text made elsewhere.

A vector with a number that is not finite is missing, all zeros, and so is one without direction
when `normalise` is set. There is no unknown.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from configs.section import Section
from tfrs_models.backend import tf
from tfrs_models.features.feature_type import Output, Raw
from tfrs_models.features.training_column import TrainingColumn


class Options(Section):
    """The shape of the vectors."""

    width: Annotated[int, Field(ge=1)]
    """Numbers in each vector."""
    normalise: bool = False
    """Scale each vector to length 1."""


def raw(options: Options) -> Raw:
    """One vector a row."""
    return Raw("float32", width=options.width)


def fit(options: Options, column: TrainingColumn, vocabulary: Path) -> dict[str, Any]:
    """Nothing to learn."""
    return {}


def output(options: Options, state: Mapping[str, Any]) -> Output:
    """Dense `[B, width]`."""
    return Output("dense", width=options.width)


def resources(options: Options, state: Mapping[str, Any], vocabulary: Path) -> dict[str, Any]:
    """None needed."""
    return {}


def encode(
    options: Options, state: Mapping[str, Any], resources: Mapping[str, Any], raw: Any
) -> Any:
    """Replace missing vectors by zeros; scale when asked."""
    finite = tf.reduce_all(tf.math.is_finite(raw), axis=-1, keepdims=True)
    value = tf.where(finite, raw, tf.zeros_like(raw))
    return _unit_length(value) if options.normalise else value


def _unit_length(value: Any) -> Any:
    # A sum's order depends on the batch's shape: in float64 that never reaches the float32 result.
    double = tf.cast(value, tf.float64)
    length = tf.sqrt(tf.reduce_sum(tf.square(double), axis=-1, keepdims=True))
    return tf.cast(tf.math.divide_no_nan(double, length), tf.float32)
