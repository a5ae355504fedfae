"""Sparse item vectors from the words of the items table."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from tfrs_models.data.dataset import FIRST_ROW, PreparedDataset
from tfrs_models.metrics.diversity import unit_rows

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_WORD = re.compile(r"\w+")


def content_vectors(dataset: PreparedDataset) -> "csr_array":
    """TF-IDF over the lower-case words of all string columns of `items.parquet` but `item_id`.

    The same word in two columns makes two terms. `idf = ln((1 + n) / (1 + df)) + 1` over n items.

    Returns:
        float32 [num_items, T], rows of norm 1, or empty where an item has no words.
    """
    from scipy.sparse import csr_array

    terms: dict[tuple[str, str], int] = {}
    owners, columns, counts = [], [], []
    for row, words in _words(dataset):
        for word, count in words.items():
            owners.append(row)
            columns.append(terms.setdefault(word, len(terms)))
            counts.append(count)
    places = (np.array(owners, np.int64), np.array(columns, np.int64))
    shape = (dataset.num_items, max(len(terms), 1))
    frequencies = csr_array((np.array(counts, np.float32), places), shape=shape)
    items = dataset.num_items - FIRST_ROW
    documents = np.bincount(places[1], minlength=shape[1])
    idf = (np.log((1 + items) / (1 + documents)) + 1).astype(np.float32)
    return unit_rows((frequencies * idf).tocsr())


def _words(dataset: PreparedDataset) -> Iterator[tuple[int, Counter[tuple[str, str]]]]:
    """Item row and the counted (column, word) pairs of each text of that item."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(dataset.folder / "items.parquet")
    for field in table.schema:
        text = pa.types.is_string(field.type) or pa.types.is_large_string(field.type)
        if text and field.name != "item_id":
            for row, value in enumerate(table[field.name].to_pylist(), start=FIRST_ROW):
                words = _WORD.findall((value or "").lower())
                yield row, Counter((field.name, word) for word in words)
