"""The targets of the batch and uniform draws together (Yang et al. 2020).

Targets alone never show the model the tail of the catalogue, nor an item that nobody took lately.
"""

from typing import Annotated

from pydantic import Field

from configs.section import Section
from tfrs_models.backend import tf
from tfrs_models.negatives._draws import expected_uniformly, uniform_rows
from tfrs_models.negatives._sampler import Draws, Moment, Popularity, Sampler


class Options(Section):
    """How many uniform draws join the targets."""

    number: Annotated[int, Field(ge=1)] = 1024
    """Uniform draws a batch, with replacement."""


def sampler(options: Options, popularity: Popularity) -> Sampler:
    """Targets and uniform draws; an item is expected as often as both together bring it."""
    rows = popularity.trained
    share = tf.constant(popularity.share, tf.float32)
    drawn_uniformly = expected_uniformly(popularity, options.number)

    def draw(moment: Moment) -> Draws:
        drawn = tf.concat([moment.targets, uniform_rows(rows, options.number, moment.seed)], axis=0)
        targets = tf.size(moment.targets)
        brought = tf.cast(targets, tf.float32) * tf.gather(share, drawn)
        log_expected = tf.math.log(brought + tf.gather(drawn_uniformly, drawn))
        return Draws(drawn, log_expected, log_expected[:targets])

    return Sampler(draw)
