"""What a history carries beside its items: types of events, and the time to the next event."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from tfrs_models.backend import tf
from tfrs_models.features.feature_type import FIRST_ID, MISSING_ID, MISSING_TIME, UNKNOWN_ID

HISTORY = "history"
TYPE = "history_type"
TIME = "history_time"
GAP = "history_gap"
REQUEST_TIME = "timestamp"

_EDGES = 2 ** np.arange(31, dtype=np.int64)
NUM_GAPS = len(_EDGES) + 2
"""Ids of gaps: 0 is missing, 1 is below a second, 2 below two seconds, 3 below four, ..."""


@dataclass(frozen=True)
class HistorySpec:
    """What a history holds.

    Attributes:
        length: items that are kept; 0 when there is no history.
        event_types: names of the event types, when the history carries them.
        time_gaps: whether it carries the time to the next event.
    """

    length: int
    event_types: tuple[str, ...] = ()
    time_gaps: bool = False

    @property
    def num_types(self) -> int:
        """Ids of event types; 0 when the history carries none."""
        return len(self.event_types) + FIRST_ID if self.event_types else 0

    @property
    def num_gaps(self) -> int:
        """Ids of time gaps; 0 when the history carries none."""
        return NUM_GAPS if self.time_gaps else 0

    def names(self) -> tuple[str, ...]:
        """Names of the encoded tensors, int32 [B, length] each."""
        if not self.length:
            return ()
        carried = ((TYPE, self.num_types), (GAP, self.num_gaps))
        return (HISTORY, *(name for name, size in carried if size))

    def raw_signature(self) -> dict[str, Any]:
        """Specs of the raw tensors: string and int64 [B, L], and the request's time int64 [B]."""
        signature = {HISTORY: tf.TensorSpec([None, None], tf.string)}
        if self.event_types:
            signature[TYPE] = tf.TensorSpec([None, None], tf.string)
        if self.time_gaps:
            signature[TIME] = tf.TensorSpec([None, None], tf.int64)
            signature[REQUEST_TIME] = tf.TensorSpec([None], tf.int64)
        return signature


def type_ids(names: Any, event_types: tuple[str, ...]) -> Any:
    """Ids of event types string [...]: 0 for "", 1 for unknown ones, int32 of the same shape."""
    known = tf.equal(names[..., tf.newaxis], tf.constant(event_types))
    place = tf.argmax(known, axis=-1, output_type=tf.int32) + FIRST_ID
    ids = tf.where(tf.reduce_any(known, axis=-1), place, UNKNOWN_ID)
    return tf.where(tf.equal(names, ""), MISSING_ID, ids)


def gaps_to_next(times: Any, owners: Any, request_times: Any) -> Any:
    """Ids of the time from each event to the next of its history, or to the request: int32 [T].

    Args:
        times: int64 [T], whole seconds, of all histories one after the other.
        owners: int64 [T], the history of each, ascending.
        request_times: int64 [Q].
    """
    ends = owners != tf.concat([owners[1:], [-1]], axis=0)
    following = tf.concat([times[1:], [MISSING_TIME]], axis=0)
    following = tf.where(ends, tf.gather(request_times, owners), following)
    return gap_ids(times, following)


def gap_ids(times: Any, next_times: Any) -> Any:
    """Ids of the time between two moments in whole seconds, int64 [...] each: int32 [...].

    Ids grow with the logarithm; a missing or earlier next moment gives 0.
    """
    seconds = next_times - times
    known = (times != MISSING_TIME) & (next_times != MISSING_TIME) & (seconds >= 0)
    flat = tf.reshape(seconds, [-1])
    place = tf.reshape(tf.searchsorted(tf.constant(_EDGES), flat, side="right"), tf.shape(seconds))
    return tf.where(known, place + 1, MISSING_ID)
