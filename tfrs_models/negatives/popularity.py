"""Items drawn with a probability that grows with their popularity."""

from typing import Annotated

import numpy as np
from pydantic import Field

from configs.section import Section
from tfrs_models.backend import tf
from tfrs_models.negatives._draws import weighted_rows
from tfrs_models.negatives._sampler import Draws, Moment, Popularity, Sampler, log_table


class Options(Section):
    """How many, and how much popularity counts."""

    number: Annotated[int, Field(ge=1)] = 2048
    """Draws a batch, with replacement."""
    exponent: Annotated[float, Field(gt=0, le=1)] = 0.5
    """Items are drawn with probability ~ count^exponent."""


def sampler(options: Options, popularity: Popularity) -> Sampler:
    """Draws by count^exponent."""
    mass = np.where(popularity.counts > 0, popularity.counts, 0.0) ** options.exponent
    cumulative = np.cumsum(mass)
    log_expected = log_table(options.number * mass / mass.sum())

    def draw(moment: Moment) -> Draws:
        rows = weighted_rows(cumulative, options.number, moment.seed)
        of_targets = tf.gather(log_expected, moment.targets)
        return Draws(rows, tf.gather(log_expected, rows), of_targets)

    return Sampler(draw)
