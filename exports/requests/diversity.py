"""Maximal marginal relevance as graph operations (Carbonell and Goldstein, SIGIR 1998).

The same order as `tfrs_models.reranking.methods.mmr` gives with its defaults and embeddings.

Legend: B requests, G candidates of each, D embedding.
"""

from typing import Any

from tfrs_models.backend import tf

# Finite: `tf.argmax` finds nothing above the smallest float32.
_INVALID, _CHOSEN = -1e30, -2e30


def diversified(scores: Any, valid: Any, vectors: Any, diversity: Any, places: Any) -> Any:
    """The chosen candidates, int32 [B, places].

    Each place goes to the largest `(1 - d) relevance - d similarity to the nearest chosen`, where
    the relevance is the score from 0 for the worst candidate to 1 for the best.

    Args:
        scores: float32 [B, G].
        valid: bool [B, G], whether the place holds a candidate; the others are chosen last.
        vectors: float32 [B, G, D].
        diversity: float32 [B], d from 0 to 1; 0 is the order of the scores.
        places: int32 scalar, at most G.
    """
    share = diversity[:, tf.newaxis]
    units = tf.math.l2_normalize(vectors, axis=2)
    gains = tf.where(valid, (1 - share) * _relevance(scores, valid), _INVALID)
    first = tf.argmax(gains, axis=1, output_type=tf.int32)

    def place(number: Any, chosen: Any, gains: Any, nearest: Any) -> tuple[Any, ...]:
        latest = chosen[:, number]
        gains = tf.where(_at(latest, gains), _CHOSEN, gains)
        like = tf.linalg.matvec(units, tf.gather(units, latest, batch_dims=1))
        nearest = tf.maximum(nearest, like)
        best = tf.argmax(gains - share * nearest, axis=1, output_type=tf.int32)
        return number + 1, tf.concat([chosen, best[:, tf.newaxis]], axis=1), gains, nearest

    start = (tf.constant(0), first[:, tf.newaxis], gains, tf.fill(tf.shape(gains), -1.0))
    shapes = (tf.TensorShape([]), tf.TensorShape([None, None]), gains.shape, gains.shape)
    loop = tf.while_loop(lambda n, *_: n < places - 1, place, start, shape_invariants=shapes)
    return loop[1]


def _relevance(scores: Any, valid: Any) -> Any:
    highest = tf.reduce_max(tf.where(valid, scores, scores.dtype.min), axis=1, keepdims=True)
    lowest = tf.reduce_min(tf.where(valid, scores, scores.dtype.max), axis=1, keepdims=True)
    spread = highest - lowest
    scaled = tf.math.divide_no_nan(scores - lowest, spread)
    return tf.where(spread > 0, scaled, tf.ones_like(scores))


def _at(places: Any, like: Any) -> Any:
    """Where a place stands in its row: bool of the shape of `like`."""
    return tf.equal(tf.range(tf.shape(like)[1]), places[:, tf.newaxis])
