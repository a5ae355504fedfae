"""Which queries belong to which slice.

Legend: Q queries.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from configs import faults
from configs.errors import ConfigError
from configs.gate import BUILT_IN_SLICES
from tfrs_models.data.dataset import FIRST_ROW, PreparedDataset
from tfrs_models.evaluation.queries import Queries
from tfrs_models.evaluation.slices import slices
from tfrs_models.features.tables import table_path

if TYPE_CHECKING:
    import pyarrow as pa

_EVALUATED = {"tail": "tail_items"}
"""Slices of the evaluation that are called otherwise there."""


def slice_masks(
    dataset: PreparedDataset, queries: Queries, names: Sequence[str]
) -> dict[str, NDArray[np.bool_]]:
    """Masks of the queries: name -> bool [Q].

    Of `new_items` and `tail` a query with such a target; the metrics are those of all its targets.
    A column gives a slice for each of its values in the window, such as `country=DE`, and
    `country=` where it is missing or an empty text.

    Args:
        dataset: what the challenger learned from, and the window.
        queries: of the window.
        names: of the configuration.

    Raises:
        ConfigError: there is no such column, or it holds lists.
    """
    evaluated = {part.name: part.queries for part in slices(dataset, queries)}
    masks: dict[str, NDArray[np.bool_]] = {}
    for name in names:
        if name in BUILT_IN_SLICES:
            mask = np.zeros(len(queries), np.bool_)
            mask[evaluated[_EVALUATED.get(name, name)]] = True
            masks[name] = mask
        else:
            for part, mask in _by_value(name, _column(dataset, queries, name)):
                masks[part] = mask | masks.get(part, np.False_)
    return masks


def _column(dataset: PreparedDataset, queries: Queries, name: str) -> "pa.ChunkedArray":
    """Values of a column of the users, or of the events at which the queries were asked: [Q]."""
    import pyarrow.parquet as pq

    rows = {"user": queries.user - FIRST_ROW, "context": queries.event}
    known: list[str] = []
    for table in ("user", "context"):
        path = table_path(dataset, table)
        names = pq.read_schema(path).names
        if name in names:
            return pq.read_table(path, columns=[name])[name].take(rows[table])
        known += names
    choices = [*BUILT_IN_SLICES, *dict.fromkeys(known)]
    raise ConfigError(
        f"`slices` must name built-in slices and columns of users or events, received {name!r}. "
        f"{faults.advice(name, choices)}"
    )


def _by_value(name: str, values: "pa.ChunkedArray") -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """One mask for each different value; those of a missing and an empty one have one name."""
    import pyarrow as pa

    if pa.types.is_nested(values.type):
        raise ConfigError(
            f"`slices` must name columns of single values, `{name}` holds {values.type}: leave it "
            "out"
        )
    encoded = values.combine_chunks().dictionary_encode("encode")
    codes = encoded.indices.to_numpy()
    for code, value in enumerate(encoded.dictionary.to_pylist()):
        yield f"{name}={'' if value is None else value}", codes == code
