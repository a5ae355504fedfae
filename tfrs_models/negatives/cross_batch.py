"""The targets of the batch and the items of earlier batches (Wang et al. 2021).

The queue holds item rows, which are embedded again with the present weights, so no embedding is
stale; and the rows of an earlier step are found again from its number, so no state is kept.
"""

from typing import Annotated

from pydantic import Field

from configs.section import Section
from tfrs_models.backend import tf
from tfrs_models.negatives._sampler import Draws, Moment, Popularity, Sampler, log_table


class Options(Section):
    """How far back."""

    batches: Annotated[int, Field(ge=1)] = 2
    """Earlier batches whose items are negatives too."""


def sampler(options: Options, popularity: Popularity) -> Sampler:
    """Targets and items of the last steps, corrected by their counts."""
    log_share = log_table(popularity.share)

    def draw(moment: Moment) -> Draws:
        earlier = [moment.earlier(back) for back in range(1, options.batches + 1)]
        rows = tf.concat([moment.targets, *earlier], axis=0)
        number = tf.math.count_nonzero(rows, dtype=tf.float32)
        log_expected = tf.gather(log_share, rows) + tf.math.log(number)
        return Draws(rows, log_expected, log_expected[: tf.size(moment.targets)])

    return Sampler(draw)
