"""What the models of requests share: a checked `k`, and lists that may be shorter than it.

Legend: B requests, G candidates of a request, K items that come back.
"""

from typing import Any, NamedTuple

from exports.requests.asked import EXCLUDE
from exports.requests.names import Names
from exports.signatures import Tensors
from tfrs_models.backend import tf
from tfrs_models.features.history import HISTORY

ITEM_ID, COUNT = "item_id", "count"


class Candidates(NamedTuple):
    """The retrieved list of each request.

    Attributes:
        positions: int32 [B, G], of items.
        scores: float32 [B, G], falling; 0 where a place is not valid.
        valid: bool [B, G], whether the place holds an item.
    """

    positions: Any
    scores: Any
    valid: Any


def excluded(raw: Tensors, exclude_seen: bool) -> Any:
    """Ids that must not come back, string [B, E]: those that are given, and the history's."""
    if exclude_seen and HISTORY in raw:
        return tf.concat([raw[EXCLUDE], raw[HISTORY]], axis=1)
    return raw[EXCLUDE]


def best(scores: Any, number: Any) -> Candidates:
    """The best of scores [B, G] by their places; -inf stands for what may not come back."""
    highest, places = tf.math.top_k(scores, tf.minimum(number, tf.shape(scores)[1]))
    valid = tf.math.is_finite(highest)
    return Candidates(places, tf.where(valid, highest, 0.0), valid)


def answer(names: Names, found: Candidates, listed: Tensors, k: Any) -> dict[str, Any]:
    """`item_id` string [B, K], `count` int32 [B], and what is listed, float32 [B, K].

    Args:
        names: of the items.
        found: K candidates of each request, best first.
        listed: numbers of the candidates, by name.
        k: int32 [B], how many each request asked for.
    """
    ids = tf.gather(names.texts, found.positions)
    valid = found.valid & (tf.range(tf.shape(ids)[1]) < k[:, tf.newaxis])
    numbers = {name: tf.where(valid, one, 0.0) for name, one in listed.items()}
    count = tf.reduce_sum(tf.cast(valid, tf.int32), axis=1)
    return {ITEM_ID: tf.where(valid, ids, ""), COUNT: count, **numbers}


def checked(name: str, values: Any, lowest: float, highest: float) -> Any:
    """An input [B], refused where a value is out of its range."""
    inside = tf.reduce_all((values >= lowest) & (values <= highest))
    message = f"`{name}` must be from {lowest} to {highest} for every request, got"
    with tf.control_dependencies([tf.debugging.Assert(inside, [message, values])]):
        return tf.identity(values)
