"""Whether the user took the item: 1 when one of the events has a weight above 0."""

import numpy as np
from numpy.typing import NDArray

from configs.section import Section
from tfrs_models.data.dataset import PreparedDataset
from tfrs_models.labels._touched import Touched

UNTOUCHED = 0.0


class Options(Section):
    """No settings: `data.events` says what a positive is."""


def labels(
    options: Options,  # noqa: ARG001
    dataset: PreparedDataset,
    touched: Touched,
) -> NDArray[np.float32]:
    """1 for a positive, else 0."""
    taken = touched.largest(dataset.events.weight[touched.events]) > 0
    return taken.astype(np.float32)
