"""From the item table of a bundle to what the request model holds of the items."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from configs.errors import ConfigError
from exports.loader import Input
from exports.raw import raw_columns
from exports.requests.catalogue import ItemData
from exports.savedmodels import ITEM_STATISTICS, Encoder
from tfrs_models.backend import tf
from tfrs_models.reranking.catalogue import read_column
from tfrs_models.reranking.column import Column

_ROWS = 8_192


def item_data(
    encoder: Encoder,
    items: Any,
    embeddings: NDArray[np.float32],
    filters: Sequence[str],
    separators: Mapping[str, str],
) -> ItemData:
    """All that is known of the items.

    Args:
        encoder: of the item columns.
        items: the item table of the bundle, a `pyarrow.Table`.
        embeddings: float32 [N, D].
        filters: columns that a request may filter by.
        separators: between the values of the text columns that hold several.

    Raises:
        ConfigError: a filter is no column of the items.
    """
    statistics = items.column(ITEM_STATISTICS).combine_chunks()
    flat = statistics.flatten().to_numpy(zero_copy_only=False)
    return ItemData(
        ids=items.column("item_id").to_pylist(),
        embeddings=embeddings,
        encoded=_encoded(encoder, items),
        statistics=flat.reshape(len(items), -1).astype(np.float32),
        filters={name: _column(items, name, separators.get(name)) for name in filters},
    )


def _encoded(encoder: Encoder, items: Any) -> Mapping[str, NDArray[Any]]:
    signature = encoder.raw_signature("item")
    encode = tf.function(
        lambda raw: encoder.encode("item", raw), input_signature=[dict(signature)], autograph=False
    )
    inputs = {name: Input.of(one) for name, one in signature.items()}
    blocks = list(_blocks(encode, items, inputs))
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


def _blocks(encode: Any, items: Any, inputs: Mapping[str, Input]) -> Iterator[dict[str, Any]]:
    for start in range(0, len(items), _ROWS):
        raw = raw_columns(items.slice(start, _ROWS), inputs)
        tensors = {name: tf.constant(column, inputs[name].dtype) for name, column in raw.items()}
        yield {name: tensor.numpy() for name, tensor in encode(tensors).items()}


def _column(items: Any, name: str, separator: str | None) -> Column:
    if name not in items.column_names:
        near = difflib.get_close_matches(name, items.column_names, n=1)
        hint = f" Did you mean `{near[0]}`?" if near else ""
        raise ConfigError(
            f"`export.filters` must name columns of the items, got `{name}`.{hint} Columns: "
            f"{', '.join(items.column_names)}."
        )
    return read_column(items.column(name), separator)
