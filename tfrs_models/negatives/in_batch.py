"""The targets of the batch: no extra item is embedded, and popular items come most often."""

from typing import Annotated, Literal

from pydantic import Field

from configs.section import Section
from tfrs_models.backend import tf
from tfrs_models.negatives._frequency import Streamed
from tfrs_models.negatives._sampler import Draws, Moment, Popularity, Sampler, log_table


class Options(Section):
    """Where the odds of being in a batch come from."""

    frequency: Literal["counted", "streamed"] = "counted"
    """`counted`: the training events. `streamed`: learned from the batches as they come."""
    step_size: Annotated[float, Field(gt=0, le=1)] = 0.05
    """`streamed`: how fast an estimate follows the stream (alpha of Yi et al. 2019)."""


def sampler(options: Options, popularity: Popularity) -> Sampler:
    """The step's targets, corrected by their odds."""
    if options.frequency == "streamed":
        return _streamed(options, popularity)
    log_share = log_table(popularity.share)

    def draw(moment: Moment) -> Draws:
        number = tf.cast(tf.size(moment.targets), tf.float32)
        log_expected = tf.gather(log_share, moment.targets) + tf.math.log(number)
        return Draws(moment.targets, log_expected, log_expected)

    return Sampler(draw)


def _streamed(options: Options, popularity: Popularity) -> Sampler:
    frequency = Streamed(len(popularity.counts), options.step_size)

    def draw(moment: Moment) -> Draws:
        rows, place = tf.unique(moment.targets)
        log_odds = frequency.observe(rows)
        return Draws(rows, log_odds, tf.gather(log_odds, place))

    return Sampler(draw, frequency.variables)
