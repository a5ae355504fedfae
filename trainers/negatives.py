"""From draws with repeats to distinct negatives, without the user's own items.

Legend: B windows, C distinct negatives, O own items of all windows together.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from tfrs_models.backend import tf
from tfrs_models.negatives._sampler import Draws


class Negatives(NamedTuple):
    """Distinct negatives of a batch.

    Attributes:
        rows: int32 [C], item rows, ascending.
        count: float32 [C], how often each was drawn.
        log_expected: float32 [C], log of how often it was expected.
        usable: bool [B, C]; False where the user of the window took the item, or it is none.
    """

    rows: Any
    count: Any
    log_expected: Any
    usable: Any


class OwnItems(NamedTuple):
    """All positives of the users of the windows.

    Attributes:
        item: int32 [O], item rows.
        window: int32 [O].
    """

    item: Any
    window: Any


def own_items(data: Mapping[str, Any], chosen: Any) -> OwnItems:
    """The users' positives, those outside of their windows too.

    Args:
        data: columns of the part, see `trainers.windows.part_columns`.
        chosen: int32 [B], numbers of the windows.
    """
    first, last = tf.gather(data["first"], chosen), tf.gather(data["last"], chosen)
    places = tf.ragged.range(first, last)
    items = tf.gather(data["item"], places.flat_values)
    return OwnItems(items, tf.cast(places.value_rowids(), tf.int32))


def distinct(draws: Draws, own: OwnItems, windows: int) -> Negatives:
    """Each drawn item once: a repeat would be embedded and scored again for nothing."""
    order = tf.argsort(draws.rows)
    rows, _, count = tf.unique_with_counts(tf.gather(draws.rows, order))
    firsts = tf.cumsum(count, exclusive=True)
    log_expected = tf.gather(tf.gather(draws.log_expected, order), firsts)
    return Negatives(rows, tf.cast(count, tf.float32), log_expected, _usable(rows, own, windows))


def _usable(rows: Any, own: OwnItems, windows: int) -> Any:
    place = tf.searchsorted(rows, own.item)
    found = tf.gather(tf.concat([rows, [-1]], axis=0), place)  # past the last row nothing is found
    hits = tf.where(found == own.item)[:, 0]
    cells = tf.stack([tf.gather(own.window, hits), tf.gather(place, hits)], axis=1)
    drawn = tf.broadcast_to(rows > 0, [windows, tf.size(rows)])
    return tf.tensor_scatter_nd_update(drawn, cells, tf.zeros(tf.shape(hits), tf.bool))
