"""Which events of a window are history, and which are targets.

Legend: B windows, M places of a window, L history length.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from configs.retrieval import RetrievalConfig
from tfrs_models.backend import tf

_MIX = 0x9E3779B97F4A7C15 - 2**64
_SHIFT = 29
_UNIT = 2.0**-53


class Window(NamedTuple):
    """A batch of windows.

    Attributes:
        place: int32 [B, M], places of the events.
        inside: bool [B, M], False past the user's last event.
        item: int32 [B, M], item rows; 0 where outside.
        moment: int32 [B, M], number of places before the first event of the same time.
        seed: int32 [2], stateless.
    """

    place: Any
    inside: Any
    item: Any
    moment: Any
    seed: Any


class Roles(NamedTuple):
    """What the events of a window are.

    Attributes:
        history: bool [B, L].
        target: bool [B, M].
        visible: int32 [B, M], places of the window that came before the target.
    """

    history: Any
    target: Any
    visible: Any


Assign = Callable[[Window], Roles]


def assign_roles(config: RetrievalConfig, causal: bool, length: int, repeats: bool) -> Assign:
    """The function that tells history and targets apart.

    Args:
        config: the retrieval stage.
        causal: whether the encoder learns from every place at once.
        length: L; 0 makes every event a target.
        repeats: whether an item that was taken before is a target.
    """
    if length == 0:
        return _all_targets
    if causal:
        return lambda window: _every_place(window, length, repeats)
    if config.history_sampling == "past":
        return lambda window: _past(window, repeats)
    return lambda window: _random(window, config.history_share, repeats)


def window_width(causal: bool, length: int) -> int:
    """M: a history and, where every place is learned from, the target after its last."""
    return length + 1 if causal else length or _WIDTH_WITHOUT_HISTORY


_WIDTH_WITHOUT_HISTORY = 32


def _all_targets(window: Window) -> Roles:
    return Roles(window.inside[:, :0], window.inside, tf.zeros_like(window.item))


def _every_place(window: Window, length: int, repeats: bool) -> Roles:
    """Each event is the target of what was strictly earlier."""
    visible = tf.maximum(window.moment, 0)
    target = window.inside if repeats else window.inside & ~_taken_before(window, visible)
    return Roles(window.inside[:, :length], target, visible)


def _past(window: Window, repeats: bool) -> Roles:
    """A random moment of the window: what was earlier is history, the rest are targets."""
    number = tf.reduce_sum(tf.cast(window.inside, tf.int32), axis=1)
    share = tf.random.stateless_uniform(tf.shape(number), window.seed)
    at = tf.minimum(tf.cast(share * tf.cast(number, tf.float32), tf.int32), number - 1)
    cut = tf.maximum(tf.gather(window.moment, at, batch_dims=1), 0)[:, tf.newaxis]
    earlier = tf.range(tf.shape(window.item)[1]) < cut
    visible = tf.broadcast_to(cut, tf.shape(window.item))
    target = window.inside & ~earlier
    if not repeats:
        target &= ~_taken_before(window, visible)
    return Roles(window.inside & earlier, target, visible)


def _random(window: Window, share: tuple[float, float], repeats: bool) -> Roles:
    """A random share of the items is history, the others are targets.

    The draw is one for an item, not for an event, so that no target stands in its own history.
    """
    drawn = window.place if repeats else window.item
    size = tf.shape(window.item)[:1]
    shares = tf.random.stateless_uniform(size, window.seed, *share)
    salt = tf.random.stateless_uniform(size, window.seed + 1, None, None, tf.int64)
    history = _hashed_uniform(drawn, salt[:, tf.newaxis]) < shares[:, tf.newaxis]
    nothing_before = tf.zeros_like(window.item)
    return Roles(window.inside & history, window.inside & ~history, nothing_before)


def _taken_before(window: Window, visible: Any) -> Any:
    """Whether each event's item stands among the first `visible` places: bool [B, M]."""
    same = window.item[:, :, tf.newaxis] == window.item[:, tf.newaxis]
    place = tf.range(tf.shape(window.item)[1])
    return tf.reduce_any(same & (place < visible[:, :, tf.newaxis]), axis=2)


def _hashed_uniform(values: Any, salt: Any) -> Any:
    """A uniform number in [0, 1) for each value, equal for equal values of a row: float32.

    Args:
        values: int32 [B, M].
        salt: int64 [B, 1], random.
    """
    mixed = tf.bitwise.bitwise_xor(tf.cast(values, tf.int64), salt)
    for _ in range(2):
        mixed *= _MIX
        mixed = tf.bitwise.bitwise_xor(mixed, _logical_shift(mixed, _SHIFT))
    return tf.cast(tf.cast(_logical_shift(mixed, 11), tf.float64) * _UNIT, tf.float32)


def _logical_shift(values: Any, by: int) -> Any:
    unsigned = tf.bitcast(values, tf.uint64)
    return tf.bitcast(tf.bitwise.right_shift(unsigned, tf.constant(by, tf.uint64)), tf.int64)
