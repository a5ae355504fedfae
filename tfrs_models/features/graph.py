"""Graph operations that several feature types share."""

from pathlib import Path
from typing import Any

from tfrs_models.backend import tf
from tfrs_models.features.feature_type import FIRST_ID, MISSING_ID, UNKNOWN_ID


def vocabulary_table(path: Path, size: int) -> Any:
    """A look-up table from the lines of a file to their numbers; None when there are no lines.

    It reads the file by itself, so a SavedModel carries the file as an asset and saving costs no
    more than copying it.
    """
    if size == 0:  # TensorFlow refuses to initialise a table from an empty file
        return None
    index = tf.lookup.TextFileIndex
    initializer = tf.lookup.TextFileInitializer(
        str(path), tf.string, index.WHOLE_LINE, tf.int64, index.LINE_NUMBER, vocab_size=size
    )
    return tf.lookup.StaticHashTable(initializer, default_value=UNKNOWN_ID - FIRST_ID)


def lookup_ids(table: Any, values: Any) -> Any:
    """Ids of string `values` of any shape: 0 for "", 1 for unknown ones, else the line plus 2."""
    if table is None:
        ids = tf.fill(tf.shape(values), UNKNOWN_ID)
    else:
        ids = tf.cast(table.lookup(values), tf.int32) + FIRST_ID
    return tf.where(tf.equal(values, ""), MISSING_ID, ids)


def hash_ids(values: Any, buckets: int) -> Any:
    """Ids of strings from 2 by FarmHash, which gives the same number in every process.

    No string gets the ids of missing and unknown.
    """
    return tf.cast(tf.strings.to_hash_bucket_fast(values, buckets), tf.int32) + FIRST_ID


def first_columns(ids: Any, width: int) -> Any:
    """The first `width` ids of each row of a ragged tensor, padded with 0: int32 `[B, width]`."""
    return ids[:, :width].to_tensor(default_value=MISSING_ID, shape=[None, width])


def with_missing(value: Any, missing: Any) -> Any:
    """Dense `[B, 2]`: the value, 0 where it is missing, and an indicator of missing."""
    known = tf.where(missing, tf.zeros_like(value), value)
    return tf.stack([tf.cast(known, tf.float32), tf.cast(missing, tf.float32)], axis=-1)
