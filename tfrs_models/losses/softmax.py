"""Cross entropy of the target among the negatives: the sampled softmax, and the full one.

From the logit of a negative, the log of its expected number of draws is subtracted, so that the
expected sum over the draws is the sum over all items but the user's own (Bengio and Senecal 2008).
Nothing is clipped. With the source `all` nothing is sampled and the softmax is exact.
"""

from typing import Any, Literal

from configs.section import Section
from tfrs_models.backend import tf
from tfrs_models.losses._scores import Scores, weighted_mean

_MASKED = -1e9


class Options(Section):
    """How the logits are corrected for the odds of being drawn."""

    correction: Literal["corrected", "standard", "none"] = "corrected"
    """`standard` corrects the target too (Yi et al. 2019), which was not drawn; `none` nothing."""


def loss(options: Options, scores: Scores) -> Any:
    """Weighted mean of log(exp(s+) + sum_j exp(s_j)) - s+ over the targets.

    `corrected` has the gradient of Khrylchenko et al. 2025 (arXiv 2507.09331): the target is in
    the sum by certainty, so it is neither corrected nor among the draws.
    """
    log_count = tf.math.log(scores.count)
    positive = scores.positive / scores.temperature
    if options.correction == "standard":
        positive -= scores.positive_log_expected
    log_weight = log_count if options.correction == "none" else log_count - scores.log_expected
    logits = scores.negative / scores.temperature + log_weight
    others = tf.reduce_logsumexp(tf.where(scores.usable, logits, _MASKED), axis=1)
    losses = tf.math.softplus(tf.gather(others, scores.owner) - positive)
    return weighted_mean(losses, scores.weight)
