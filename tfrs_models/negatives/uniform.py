"""Items with training events, each with the same probability."""

from typing import Annotated

import numpy as np
from pydantic import Field

from configs.section import Section
from tfrs_models.backend import tf
from tfrs_models.negatives._draws import uniform_rows
from tfrs_models.negatives._sampler import Draws, Moment, Popularity, Sampler


class Options(Section):
    """How many."""

    number: Annotated[int, Field(ge=1)] = 2048
    """Draws a batch, with replacement."""


def sampler(options: Options, popularity: Popularity) -> Sampler:
    """Uniform draws."""
    rows = popularity.trained
    log_expected = tf.constant(np.log(options.number / len(rows)), tf.float32)

    def draw(moment: Moment) -> Draws:
        drawn = uniform_rows(rows, options.number, moment.seed)
        return Draws(
            drawn,
            tf.fill([options.number], log_expected),
            tf.fill(tf.shape(moment.targets), log_expected),
        )

    return Sampler(draw)
