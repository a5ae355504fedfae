"""Several values in one string, such as genres: one id for each, by a vocabulary.

Pieces are stripped of white space around them and empty ones dropped; a row without any is missing,
all 0. A piece outside the vocabulary is 1. Pieces past the width are dropped. Parquet columns that
hold lists are joined by the separator.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from configs.section import Section
from tfrs_models.backend import tf
from tfrs_models.features.feature_type import FIRST_ID, Output, Raw
from tfrs_models.features.graph import first_columns, lookup_ids, vocabulary_table
from tfrs_models.features.training_column import TrainingColumn


class Options(Section):
    """How a string is taken apart, and which values get an id of their own."""

    separator: Annotated[str, Field(min_length=1)] = "|"
    """Stands between two values."""
    max_values: Annotated[int, Field(ge=1)] = 8
    """Values of a row that are kept, the first ones; fewer when no training row has as many."""
    min_count: Annotated[int, Field(ge=1)] = 1
    """Occurrences in training a value needs to enter the vocabulary."""
    max_size: Annotated[int, Field(ge=1)] = 100_000
    """Most frequent values kept."""


def raw(options: Options) -> Raw:
    """One string a row, with separators."""
    return Raw("string", separator=options.separator)


def fit(options: Options, column: TrainingColumn, vocabulary: Path) -> dict[str, Any]:
    """Count the pieces and write the vocabulary, the most frequent first."""
    pieces = column.split(options.separator)
    values = pieces.most_frequent(options.min_count, options.max_size)
    vocabulary.write_text("".join(f"{value}\n" for value in values), encoding="utf-8")
    longest = column.most_pieces(options.separator)
    return {"size": len(values), "width": min(options.max_values, max(longest, 1))}


def output(options: Options, state: Mapping[str, Any]) -> Output:
    """Ids `[B, width]`, padded with 0 at the end."""
    return Output("ids", width=state["width"], num_ids=state["size"] + FIRST_ID)


def resources(options: Options, state: Mapping[str, Any], vocabulary: Path) -> dict[str, Any]:
    """The look-up table."""
    return {"table": vocabulary_table(vocabulary, state["size"])}


def encode(
    options: Options, state: Mapping[str, Any], resources: Mapping[str, Any], raw: Any
) -> Any:
    """Split, strip, drop the empty pieces and look the others up."""
    split = tf.strings.split(raw, sep=options.separator)
    pieces = split.with_flat_values(tf.strings.strip(split.flat_values))
    pieces = tf.ragged.boolean_mask(pieces, tf.not_equal(pieces, ""))
    ids = pieces.with_flat_values(lookup_ids(resources["table"], pieces.flat_values))
    return first_columns(ids, state["width"])
