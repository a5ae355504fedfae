"""What every history encoder is given.

Legend: B histories, L places, D embedding.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from tfrs_models.backend import tf


@dataclass(frozen=True)
class HistoryShape:
    """Sizes that an encoder is built for.

    Attributes:
        length: L.
        dim: D.
        num_types: ids of event types, 0 when the history has none.
        num_gaps: ids of time gaps, 0 when the history has none.
        policy: Keras' name of the number format inside layers.
    """

    length: int
    dim: int
    num_types: int = 0
    num_gaps: int = 0
    policy: str = "float32"


class History(NamedTuple):
    """A batch of histories, oldest item first.

    Attributes:
        embed: item ids int32 [...] -> embeddings float32 [..., D].
        ids: int32 [B, L] or less wide; 0 is no item.
        types: int32 [B, L], event types, or None.
        gaps: int32 [B, L], time from each event to the next or to the request, or None.
    """

    embed: Callable[[Any], Any]
    ids: Any
    types: Any = None
    gaps: Any = None

    @property
    def present(self) -> Any:
        """1 where there is an item, else 0: float32 [B, L]."""
        return tf.cast(tf.not_equal(self.ids, 0), tf.float32)

    @property
    def back(self) -> Any:
        """Items of the history after each place, 0 for the latest item: int32 [B, L]."""
        present = tf.cast(tf.not_equal(self.ids, 0), tf.int32)
        return tf.cumsum(present, axis=1, reverse=True, exclusive=True)
