"""One of very many values, hashed into buckets: no vocabulary, nothing to fit.

Missing is 0. There is no unknown: a value never seen shares the bucket of others.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from configs.section import Section
from tfrs_models.backend import tf
from tfrs_models.features.feature_type import FIRST_ID, MISSING_ID, Output, Raw
from tfrs_models.features.graph import hash_ids
from tfrs_models.features.training_column import TrainingColumn


class Options(Section):
    """The size of the hash table."""

    buckets: Annotated[int, Field(ge=1, lt=2**31 - FIRST_ID)] = 100_000
    """Number of hash buckets."""


def raw(options: Options) -> Raw:
    """One string a row."""
    return Raw("string")


def fit(options: Options, column: TrainingColumn, vocabulary: Path) -> dict[str, Any]:
    """Nothing to learn."""
    return {}


def output(options: Options, state: Mapping[str, Any]) -> Output:
    """Ids `[B, 1]`."""
    return Output("ids", width=1, num_ids=options.buckets + FIRST_ID)


def resources(options: Options, state: Mapping[str, Any], vocabulary: Path) -> dict[str, Any]:
    """None needed."""
    return {}


def encode(
    options: Options, state: Mapping[str, Any], resources: Mapping[str, Any], raw: Any
) -> Any:
    """Hash the strings."""
    ids = tf.where(tf.equal(raw, ""), MISSING_ID, hash_ids(raw, options.buckets))
    return tf.expand_dims(ids, axis=-1)
