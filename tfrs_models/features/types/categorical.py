"""One of many values, by a vocabulary of those seen in training.

Missing is 0, a value outside the vocabulary is 1. The features `user_id` and `item_id` take the
vocabulary of the prepared dataset instead of counting, so that their ids are the dataset's rows.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from configs.section import Section
from tfrs_models.backend import tf
from tfrs_models.features.feature_type import FIRST_ID, Output, Raw
from tfrs_models.features.graph import lookup_ids, vocabulary_table
from tfrs_models.features.training_column import TrainingColumn


class Options(Section):
    """Which values get an id of their own."""

    min_count: Annotated[int, Field(ge=1)] = 1
    """Training rows a value needs to enter the vocabulary."""
    max_size: Annotated[int, Field(ge=1)] = 100_000
    """Most frequent values kept."""


def raw(options: Options) -> Raw:
    """One string a row."""
    return Raw("string")


def fit(options: Options, column: TrainingColumn, vocabulary: Path) -> dict[str, Any]:
    """Count the values and write the vocabulary, the most frequent first."""
    values = column.most_frequent(options.min_count, options.max_size)
    vocabulary.write_text("".join(f"{value}\n" for value in values), encoding="utf-8")
    return {"size": len(values)}


def output(options: Options, state: Mapping[str, Any]) -> Output:
    """Ids `[B, 1]`."""
    return Output("ids", width=1, num_ids=state["size"] + FIRST_ID)


def resources(options: Options, state: Mapping[str, Any], vocabulary: Path) -> dict[str, Any]:
    """The look-up table."""
    return {"table": vocabulary_table(vocabulary, state["size"])}


def encode(
    options: Options, state: Mapping[str, Any], resources: Mapping[str, Any], raw: Any
) -> Any:
    """Look the strings up."""
    return tf.expand_dims(lookup_ids(resources["table"], raw), axis=-1)
