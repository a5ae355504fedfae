"""What every retrieval loss reads, and how it ends.

Legend: T targets, Q queries, C distinct negatives.
"""

from typing import Any, NamedTuple

from tfrs_models.backend import tf


class Scores(NamedTuple):
    """Scores of a batch: cosines plus priors, not yet divided by the temperature.

    Several targets may share a query, and all queries share the negatives.

    Attributes:
        positive: float32 [T], score of each target for its query.
        owner: int32 [T], the query of each target.
        negative: float32 [Q, C].
        usable: bool [Q, C]; False where a negative is an item that the user took.
        count: float32 [C], how often each negative was drawn.
        log_expected: float32 [C], log of how often it was expected to be drawn.
        positive_log_expected: float32 [T], the same of the targets.
        weight: float32 [T], weight of each target; they have mean 1 over an epoch.
        temperature: float32 scalar.
        num_items: float32 scalar, items that could be drawn.
        seed: int32 [2], stateless.
    """

    positive: Any
    owner: Any
    negative: Any
    usable: Any
    count: Any
    log_expected: Any
    positive_log_expected: Any
    weight: Any
    temperature: Any
    num_items: Any
    seed: Any

    @property
    def usable_count(self) -> Any:
        """How often each negative counts for each query: float32 [Q, C]."""
        return tf.where(self.usable, self.count, 0.0)


def weighted_mean(losses: Any, weight: Any) -> Any:
    """Sum of weighted losses [T] over T, so that weights of mean 1 leave the step size alone.

    A batch without targets has the loss 0.
    """
    number = tf.maximum(tf.size(losses), 1)
    return tf.reduce_sum(weight * losses) / tf.cast(number, losses.dtype)
